import type { Publisher } from '@polytape/bus';
import { type BookEvent, type ConnectionEnd, FRAME_TOO_LARGE, MarketSession } from '@polytape/polymarket';
import type { FailureLog } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { ConnectionPublisher } from '../publishing/connection-publisher.ts';
import type { UnparsedPublisher } from '../publishing/unparsed-publisher.ts';
import { ShardSocket } from './shard-socket.ts';

/** What all connections of an ingestor share. */
export type SharedParts = {
  /** The market channel's full address. */
  url: string;
  ingestorId: string;
  publisher: Publisher;
  unparsedPublisher: UnparsedPublisher;
  counters: IngestorCounters;
  /** Reports an outage of the venue once, and not once per connection. */
  outage: FailureLog;
  /** Reserves the time at which a connection may be opened. */
  pace: { reserve(nowMs: number): number };
  /** How long the connections have been read. */
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
  /** Whether it also receives new and resolved markets. */
  hearsLifecycle: boolean;
  isPaused: boolean;
  listener: ShardConnectionListener;
  log: Logger;
};

export type ShardConnectionListener = {
  /** A socket is open; `again` if it is not the connection's first. */
  opened(connection: ShardConnection, again: boolean): void;
  /** Coverage may have changed. Not called for changes that happen by time alone. */
  serviceChanged(): void;
  firstBook(connection: ShardConnection, event: BookEvent): void;
  /** The venue sent the first books in a frame above the limit, which ended the socket. */
  dumpTooLarge(): void;
};

/**
 * One subscription to the tokens of a shard, over successive sockets: it reconnects by itself when its socket is lost, and
 * then starts with a new `ShardSocket`.
 *
 * Times named `…AtMs` are on the monotonic clock, unless stated otherwise.
 */
export class ShardConnection implements AsyncDisposable {
  /** Random, in [0, 1), so that connections opened together do not all reach their maximum age at the same time. */
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
        onFrame: (_connection, frame, receivedAtUs) => this.#take(frame, receivedAtUs),
        onBinary: (_connection, bytes, receivedAtUs) => {
          shared.counters.frames += 1;
          this.#socket?.takeBinary(bytes, receivedAtUs);
        },
        onClose: ({ connectionId }, end) => this.#end(connectionId, end),
      },
    });
    if (options.isPaused) this.#session.pause();
  }

  /** Adds tokens in place. Tokens that are already subscribed are ignored. */
  subscribe(tokenIds: readonly string[], nowMs: number): void {
    this.#session.subscribe(tokenIds);
    for (const tokenId of tokenIds) {
      if (this.#tokenIds.has(tokenId)) continue;
      this.#tokenIds.add(tokenId);
      this.#socket?.joined(tokenId, nowMs);
    }
  }

  /** Removes tokens in place. The venue does not say whether that makes room for others. */
  unsubscribe(tokenIds: readonly string[]): void {
    this.#session.unsubscribe(tokenIds);
    for (const tokenId of tokenIds) if (this.#tokenIds.delete(tokenId)) this.#socket?.left(tokenId);
  }

  /** Turns new and resolved markets on or off, in place. */
  hearLifecycle(on: boolean): void {
    this.#session.setCustomFeatures(on);
  }

  /** Stops reading the socket. What the venue sends waits in the network's buffers. */
  pause(): void {
    this.#session.pause();
  }

  resume(): void {
    this.#session.resume();
  }

  /** The present socket; null while there is none. */
  get socket(): ShardSocket | null {
    return this.#socket;
  }

  /** Tokens whose first book has arrived on the present socket. */
  get covered(): ReadonlySet<string> {
    return this.#socket?.covered ?? NONE;
  }

  /** How many sockets have been opened so far. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Frames with data, over all sockets. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  get tokens(): number {
    return this.#tokenIds.size;
  }

  /** Closes the socket. First hands to the publisher what the venue has sent, as far as it can be read in time. */
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

  #take(frame: Buffer, receivedAtUs: number): void {
    this.#o.shared.counters.frames += 1;
    if (this.#socket?.take(frame, receivedAtUs)) this.#dataFrames += 1;
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
        `Closed a connection with up to ${time} of its frames unread. They are lost, unless another ingestor records the shard.`,
      );
    }
    this.#socket = null;
    listener.serviceChanged();
  }
}

const NONE: ReadonlySet<string> = new Set();
