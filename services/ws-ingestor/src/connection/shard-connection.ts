import type { Publisher } from '@polytape/bus';
import { type BookEvent, type ConnectionEnd, FRAME_TOO_LARGE, MarketSession } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { OutageNotice } from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { ConnectionPublisher } from '../publishing/connection-publisher.ts';
import type { UnparsedPublisher } from '../publishing/unparsed-publisher.ts';
import { ShardSocket } from './shard-socket.ts';

/** What all connections of an ingestor use together. */
export type SharedParts = {
  /** The market channel's full address. */
  url: string;
  ingestorId: string;
  publisher: Publisher;
  unparsedPublisher: UnparsedPublisher;
  counters: IngestorCounters;
  /** An outage of the venue is reported once, and not by each connection. */
  outage: OutageNotice;
  /** Each connection that comes back waits for its turn. */
  pace: { reserve(nowMs: number): number };
  /** Time for which the connections have been read. */
  readingClock: { readonly nowMs: number };
};

export type ConnectionLimits = {
  /** How long a connection waits for first books before it counts as covering the shard without them. */
  firstBookTimeoutMs: number;
  /** A larger frame ends the connection. */
  frameBytesMax: number;
};

export type ShardConnectionOptions = {
  shared: SharedParts;
  limits: ConnectionLimits;
  shard: number;
  tokenIds: Iterable<string>;
  /** Whether it hears of new and resolved markets, too. */
  hearsLifecycle: boolean;
  isPaused: boolean;
  listener: ShardConnectionListener;
  log: Logger;
};

export type ShardConnectionListener = {
  /** A socket is open; `again` when it is not this connection's first. */
  opened(connection: ShardConnection, again: boolean): void;
  /** It may have come to cover its tokens, or no longer does. Time alone may do that, too, and is not told. */
  serviceChanged(): void;
  firstBook(connection: ShardConnection, event: BookEvent): void;
  /** The venue sent the first books in a frame above the limit, which ended the socket. */
  dumpTooLarge(): void;
};

/**
 * One subscription to the tokens of a shard. It lives over successive sockets, for it comes back by itself when its socket
 * is lost; what a `ShardSocket` keeps account of begins anew then.
 *
 * Times named `…AtMs` are of the clock that never goes back, unless they say that they are since the epoch.
 */
export class ShardConnection implements AsyncDisposable {
  /** In [0, 1): so that connections that were opened together do not grow old together. */
  readonly chance = Math.random();
  readonly #o: ShardConnectionOptions;
  readonly #session: MarketSession;
  readonly #tokenIds: Set<string>;
  #socket: ShardSocket | null = null;
  #sockets = 0;
  #dataFrames = 0;

  constructor(options: ShardConnectionOptions) {
    this.#o = options;
    this.#tokenIds = new Set(options.tokenIds);
    const { shared, limits, log } = options;
    this.#session = new MarketSession({
      url: shared.url,
      tokenIds: this.#tokenIds,
      frameBytesMax: limits.frameBytesMax,
      customFeatures: options.hearsLifecycle,
      log,
      outage: shared.outage,
      pace: shared.pace,
      handler: {
        onOpen: ({ connectionId }) => this.#begin(connectionId),
        onFrame: (_connection, text, receivedAtUs) => this.#take(text, receivedAtUs),
        onBinary: (_connection, bytes, receivedAtUs) => {
          shared.counters.frames += 1;
          this.#socket?.takeBinary(bytes, receivedAtUs);
        },
        onClose: ({ connectionId }, end) => this.#end(connectionId, end),
      },
    });
    if (options.isPaused) this.#session.pause();
  }

  /** Adds tokens in place; those that it has already are left alone. */
  subscribe(tokenIds: readonly string[], nowMs: number): void {
    this.#session.subscribe(tokenIds);
    for (const tokenId of tokenIds) {
      if (this.#tokenIds.has(tokenId)) continue;
      this.#tokenIds.add(tokenId);
      this.#socket?.joined(tokenId, nowMs);
    }
  }

  /** Removes tokens in place; whether the venue then has room for others is not said. */
  unsubscribe(tokenIds: readonly string[]): void {
    this.#session.unsubscribe(tokenIds);
    for (const tokenId of tokenIds) if (this.#tokenIds.delete(tokenId)) this.#socket?.left(tokenId);
  }

  /** Turns the venue's global events on or off, in place. */
  hearLifecycle(on: boolean): void {
    this.#session.setCustomFeatures(on);
  }

  /** Stops reading the socket: what the venue sends waits in the network's buffers. */
  pause(): void {
    this.#session.pause();
  }

  resume(): void {
    this.#session.resume();
  }

  /** Its present socket; null while it has none. */
  get socket(): ShardSocket | null {
    return this.#socket;
  }

  /** Tokens whose first book has come on its present socket. */
  get covered(): ReadonlySet<string> {
    return this.#socket?.covered ?? NONE;
  }

  /** Sockets that were opened, one after the other. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Frames with data, over all its sockets. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  get tokens(): number {
    return this.#tokenIds.size;
  }

  /** Closes the socket. What the venue had sent on it is with the publisher by then, as far as it could be read in time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #begin(connectionId: string): void {
    const { shared, limits, shard, listener } = this.#o;
    shared.counters.connectionsOpened += 1;
    this.#sockets += 1;
    this.#socket = new ShardSocket({
      connectionId,
      tokenIds: this.#tokenIds,
      publisher: new ConnectionPublisher({ connectionId, shard, shared }),
      firstBookTimeoutMs: limits.firstBookTimeoutMs,
      onFirstBook: (event) => listener.firstBook(this, event),
      onCovered: () => listener.serviceChanged(),
      nowMs: performance.now(),
    });
    listener.opened(this, this.#sockets > 1);
  }

  #take(text: string, receivedAtUs: number): void {
    this.#o.shared.counters.frames += 1;
    if (this.#socket?.take(text, receivedAtUs)) this.#dataFrames += 1;
  }

  #end(connectionId: string, { code, unreadMs }: ConnectionEnd): void {
    const { listener, log } = this.#o;
    const { counters } = this.#o.shared;
    if (code === FRAME_TOO_LARGE) {
      counters.framesTooLarge += 1;
      if (this.covered.size === 0) listener.dumpTooLarge();
    }
    counters.connectionsClosed += 1;
    if (unreadMs > 0) {
      counters.unreadMs += unreadMs;
      const time = `${(unreadMs / 1_000).toFixed(1)} s`;
      log.error(
        { connectionId, unreadMs },
        `Closed a connection with up to ${time} of its frames unread; they are lost.`,
      );
    }
    this.#socket = null;
    listener.serviceChanged();
  }
}

const NONE: ReadonlySet<string> = new Set();
