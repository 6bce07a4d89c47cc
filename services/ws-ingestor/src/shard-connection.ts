import type { Publisher } from '@polytape/bus';
import {
  type BookEvent,
  type FrameElement,
  type MarketEvent,
  MarketSession,
  type OutageNotice,
  parseFrame,
  recogniseFrame,
  type SessionConnection,
} from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { ConnectionStatus } from '@polytape/types';
import { ConnectionPublisher } from './connection-publisher.ts';
import { FrameRate } from './frame-rate.ts';
import type { IngestorCounters } from './ingestor-counters.ts';
import { LastKnown } from './last-known.ts';

export type ShardConnectionOptions = {
  shard: number;
  tokenIds: Iterable<string>;
  url: string;
  ingestorId: string;
  publisher: Publisher;
  counters: IngestorCounters;
  /** Whether it hears of new and resolved markets, too. */
  hearsLifecycle: boolean;
  isPaused: boolean;
  /** How long it waits for the first book of its last tokens before it counts as covering the shard. */
  firstBookTimeoutMs: number;
  /** Shared by all connections: an outage of the venue is told once, and not by each. */
  outage: OutageNotice;
  unparsedNotice: OutageNotice;
  listener: ShardConnectionListener;
  log: Logger;
};

export type ShardConnectionListener = {
  /** Told after each message that was handed to the publisher. */
  published(): void;
  /** A socket is open; `again` when it is not this connection's first. */
  opened(connection: ShardConnection, again: boolean): void;
  /** It may have come to cover its tokens, or no longer does. Time alone may do that, too, and is not told. */
  serviceChanged(): void;
  firstBook(connection: ShardConnection, event: BookEvent): void;
  trade(connection: ShardConnection, messageId: string): void;
};

/**
 * One subscription to the tokens of a shard: hands every trade, and whatever could not be understood, to the publisher,
 * and keeps account of which tokens it covers and how lively its data is.
 *
 * It lives over successive sockets, for it comes back by itself when its socket is lost; all accounts but the count of
 * data begin anew then. A token is covered from its first `book` on the socket. Until every token is, or has been waited
 * for long enough, each frame is parsed; from then on frames without anything to record are recognised without parsing.
 *
 * Times named `…AtMs` are of the clock that never goes back, unless they say that they are since the epoch.
 */
export class ShardConnection implements AsyncDisposable {
  /** In [0, 1): so that connections that were opened together do not grow old together. */
  readonly chance = Math.random();
  readonly #o: ShardConnectionOptions;
  readonly #session: MarketSession;
  readonly #tokenIds: Set<string>;
  #socket: SocketState | null = null;
  #sockets = 0;
  #dataFrames = 0;

  constructor(options: ShardConnectionOptions) {
    this.#o = options;
    this.#tokenIds = new Set(options.tokenIds);
    this.#session = new MarketSession({
      url: options.url,
      tokenIds: this.#tokenIds,
      customFeatures: options.hearsLifecycle,
      log: options.log,
      outage: options.outage,
      handler: {
        onOpen: (connection) => this.#begin(connection),
        onFrame: (_connection, text, receivedAtUs) => this.#take(text, receivedAtUs),
        onBinary: (_connection, bytes, receivedAtUs) =>
          this.#socket?.publisher.unparsed(bytes, 'binary frame, or text that is not UTF-8', receivedAtUs),
        onClose: () => this.#end(),
      },
    });
    if (options.isPaused) this.#session.pause();
  }

  /** Adds tokens in place. */
  subscribe(tokenIds: readonly string[], nowMs: number): void {
    this.#session.subscribe(tokenIds);
    for (const tokenId of tokenIds) {
      if (this.#tokenIds.has(tokenId)) continue;
      this.#tokenIds.add(tokenId);
      this.#socket?.waiting.set(tokenId, nowMs);
      if (this.#socket !== null) this.#socket.tokensEver += 1;
    }
  }

  /** Removes tokens in place; whether the venue then has room for others is not said. */
  unsubscribe(tokenIds: readonly string[]): void {
    for (const tokenId of tokenIds) {
      this.#tokenIds.delete(tokenId);
      this.#socket?.waiting.delete(tokenId);
      this.#socket?.covered.delete(tokenId);
    }
    this.#session.unsubscribe(tokenIds);
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

  /** Looks at what came since the last time. @returns Whether there was data among it that no subscription asked for. */
  sample(nowMs: number): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    socket.rate.sample(socket.frames, nowMs);
    if (socket.dataFrames !== socket.sampled.dataFrames) socket.heardAtMs = nowMs;
    const isLively = socket.livelyFrames !== socket.sampled.livelyFrames;
    socket.sampled = { dataFrames: socket.dataFrames, livelyFrames: socket.livelyFrames };
    socket.hasWaitedEnough = this.#hasWaitedEnough(socket, nowMs);
    return isLively;
  }

  /** Nothing was read for a while, by no fault of the venue: all waiting begins anew. */
  excuse(nowMs: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.heardAtMs = nowMs;
    for (const tokenId of socket.waiting.keys()) socket.waiting.set(tokenId, nowMs);
  }

  /** Whether every token has had its first book; or some have, and the others were waited for long enough. */
  coversAt(nowMs: number): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    return socket.waiting.size === 0 || (socket.covered.size > 0 && this.#hasWaitedEnough(socket, nowMs));
  }

  /** Tokens that have waited for their first book too long. */
  missing(nowMs: number): string[] {
    const waiting = [...(this.#socket?.waiting ?? [])];
    return waiting.filter(([, sinceMs]) => nowMs - sinceMs >= this.#o.firstBookTimeoutMs).map(([tokenId]) => tokenId);
  }

  get connectionId(): string | null {
    return this.#socket?.connectionId ?? null;
  }

  /** When its socket opened; null while it has none. */
  get openedAtMs(): number | null {
    return this.#socket?.openedAtMs ?? null;
  }

  /** When data was last seen to have come, or the socket opened; null while it has none. PONG is no data, nor is `[]`. */
  get heardAtMs(): number | null {
    return this.#socket?.heardAtMs ?? null;
  }

  /** When the last frame came, milliseconds since the epoch. */
  get lastFrameAtMs(): number | null {
    return this.#socket?.lastFrameAtMs ?? null;
  }

  /** Frames with data, over all its sockets. */
  get dataFrames(): number {
    return this.#dataFrames;
  }

  get tokens(): number {
    return this.#tokenIds.size;
  }

  /** Tokens whose first book has come. */
  get covered(): ReadonlySet<string> {
    return this.#socket?.covered ?? NONE;
  }

  /** Tokens that left, over all that were ever subscribed on this socket. */
  get pollution(): number {
    const ever = this.#socket?.tokensEver ?? 0;
    return ever === 0 ? 0 : (ever - this.#tokenIds.size) / ever;
  }

  /** Of the present socket; it stays as it is when the socket is gone. */
  get lastKnown(): LastKnown | null {
    return this.#socket?.lastKnown ?? null;
  }

  status(role: ConnectionStatus['role']): ConnectionStatus | null {
    const socket = this.#socket;
    if (socket === null) return null;
    return {
      connectionId: socket.connectionId,
      role,
      openedAtMs: socket.openedSinceEpochMs,
      tokens: this.#tokenIds.size,
      covered: socket.covered.size,
      framesPerSecond: Math.round(socket.rate.perSecond * 10) / 10,
      lastFrameAtMs: socket.lastFrameAtMs,
    };
  }

  /** Closes the socket. What it had delivered is with the publisher by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #begin({ connectionId }: SessionConnection): void {
    const nowMs = performance.now();
    this.#o.counters.connectionsOpened += 1;
    this.#sockets += 1;
    this.#socket = {
      connectionId,
      openedAtMs: nowMs,
      openedSinceEpochMs: Date.now(),
      publisher: new ConnectionPublisher({ ...this.#o, connectionId, onPublished: () => this.#o.listener.published() }),
      covered: new Set(),
      waiting: new Map([...this.#tokenIds].map((tokenId) => [tokenId, nowMs])),
      hasWaitedEnough: false,
      tokensEver: this.#tokenIds.size,
      frames: 0,
      dataFrames: 0,
      livelyFrames: 0,
      sampled: { dataFrames: 0, livelyFrames: 0 },
      heardAtMs: nowMs,
      lastFrameAtMs: null,
      rate: new FrameRate(nowMs),
      lastKnown: new LastKnown(),
    };
    this.#o.listener.opened(this, this.#sockets > 1);
  }

  #end(): void {
    this.#o.counters.connectionsClosed += 1;
    this.#socket = null;
    this.#o.listener.serviceChanged();
  }

  #take(text: string, receivedAtUs: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#o.counters.frames += 1;
    socket.frames += 1;
    socket.lastFrameAtMs = Math.floor(receivedAtUs / 1_000);
    if (mayPassOver(socket, text) && recogniseFrame(text) === 'known') {
      this.#heard(socket);
      socket.livelyFrames += 1;
      socket.lastKnown.passedOver(text);
      return;
    }
    const frame = parseFrame(text);
    if (frame.kind === 'pong') return;
    if (frame.kind === 'garbage') {
      socket.publisher.unparsed(text, frame.reason, receivedAtUs);
      return;
    }
    if (frame.elements.length > 0) this.#heard(socket);
    this.#takeElements(socket, frame.elements, text, receivedAtUs);
  }

  #heard(socket: SocketState): void {
    socket.dataFrames += 1;
    this.#dataFrames += 1;
  }

  #takeElements(socket: SocketState, elements: readonly FrameElement[], text: string, receivedAtUs: number): void {
    let firstBooks = 0;
    let unread = 0;
    for (const element of elements) {
      if (element.kind === 'event') {
        if (this.#takeEvent(socket, element.event, receivedAtUs) === 'first book') firstBooks += 1;
        continue;
      }
      unread += 1;
      if (unread > UNREAD_ELEMENTS_MAX) continue;
      const reason =
        element.kind === 'bad' ? element.reason : `unknown event type ${JSON.stringify(element.eventType)}`;
      socket.publisher.unparsed(element.raw, reason, receivedAtUs);
    }
    if (firstBooks < elements.length) socket.livelyFrames += 1;
    // A frame of 50,000 elements that are none must not become 50,000 messages before the next trade.
    const more = unread - UNREAD_ELEMENTS_MAX;
    if (more > 0)
      socket.publisher.unparsed(text, `${more} more elements of this frame could not be read`, receivedAtUs);
  }

  #takeEvent(socket: SocketState, event: MarketEvent, receivedAtUs: number): 'first book' | 'other' {
    socket.lastKnown.read(event);
    switch (event.type) {
      case 'lastTradePrice':
        this.#o.listener.trade(this, socket.publisher.trade(event, receivedAtUs));
        return 'other';
      case 'newMarket':
      case 'marketResolved':
        socket.publisher.lifecycle(event, receivedAtUs);
        return 'other';
      case 'tickSizeChange':
        socket.publisher.tickSize(event, receivedAtUs);
        return 'other';
      case 'book':
        if (!socket.waiting.delete(event.tokenId)) return 'other';
        socket.covered.add(event.tokenId);
        this.#o.listener.firstBook(this, event);
        if (socket.waiting.size === 0) this.#o.listener.serviceChanged();
        return 'first book';
      default:
        return 'other';
    }
  }

  #hasWaitedEnough({ waiting }: SocketState, nowMs: number): boolean {
    for (const sinceMs of waiting.values()) if (nowMs - sinceMs < this.#o.firstBookTimeoutMs) return false;
    return true;
  }
}

/** What there is of one socket. */
type SocketState = {
  connectionId: string;
  openedAtMs: number;
  openedSinceEpochMs: number;
  publisher: ConnectionPublisher;
  covered: Set<string>;
  /** Tokens without a book, and since when each waits: since the socket opened, or the token joined. */
  waiting: Map<string, number>;
  hasWaitedEnough: boolean;
  tokensEver: number;
  frames: number;
  dataFrames: number;
  /** Of those: with something else in them than the first books that the subscription asked for. */
  livelyFrames: number;
  sampled: { dataFrames: number; livelyFrames: number };
  heardAtMs: number;
  /** Since the epoch. */
  lastFrameAtMs: number | null;
  rate: FrameRate;
  lastKnown: LastKnown;
};

/** Whether a frame need not be parsed if it holds nothing to record. Of tokens that have no book, one may still come. */
function mayPassOver({ waiting, hasWaitedEnough }: SocketState, text: string): boolean {
  return waiting.size === 0 || (hasWaitedEnough && !text.includes('"book"'));
}

const NONE: ReadonlySet<string> = new Set();
/** Elements of one frame that are kept one by one; the rest is kept with the frame as a whole. */
const UNREAD_ELEMENTS_MAX = 100;
