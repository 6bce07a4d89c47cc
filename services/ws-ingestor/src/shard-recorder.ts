import type { Publisher } from '@polytape/bus';
import {
  type MarketEvent,
  MarketSession,
  OutageNotice,
  parseFrame,
  recogniseFrame,
  type SessionConnection,
} from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import {
  DUPLICATE_WINDOW_MS,
  eventSubject,
  lifecycleMessageId,
  OrdinalCounter,
  PROVENANCE_HEADERS,
  type Shard,
  tradeMessageId,
  tradeSubject,
  unparsedSubject,
} from '@polytape/types';
import type { IngestorCounters } from './ingestor-counters.ts';
import { lifecycleFromEvent } from './lifecycle-from-event.ts';
import { tradeFromEvent } from './trade-from-event.ts';
import { unparsedRecord } from './unparsed-record.ts';

/**
 * Records one shard: keeps a subscription to its tokens alive, and hands every trade, and whatever could not be
 * understood, to the publisher in the order of arrival.
 *
 * A token is covered from its first `book` on a connection. Until every token is, each frame is parsed; from then on
 * frames that are no trade are recognised without parsing.
 */
export class ShardRecorder implements AsyncDisposable {
  readonly number: number;
  readonly #session: MarketSession;
  readonly #publisher: Publisher;
  readonly #counters: IngestorCounters;
  readonly #ingestorId: string;
  readonly #onPublished: () => void;
  readonly #log: Logger;
  readonly #tokenIds: Set<string>;
  /** A venue that sends nothing but rubbish must not fill the log with it: each reason once a minute. */
  readonly #unparsedNotice = new OutageNotice();
  readonly #firstBookTimeoutMs: number;
  readonly #onServiceChanged: () => void;
  #version: number;
  /** Of the present connection; null between two. */
  #connection: ConnectionState | null = null;

  constructor(o: {
    number: number;
    shard: Shard;
    url: string;
    publisher: Publisher;
    counters: IngestorCounters;
    ingestorId: string;
    /** Whether this connection hears of new and resolved markets, too. */
    hearsLifecycle: boolean;
    /** How long a connection waits for the first book of its last tokens before it counts as covering the shard. */
    firstBookTimeoutMs: number;
    /** Told after each message that was handed to the publisher. */
    onPublished: () => void;
    /** Told when the shard may have become covered, or no longer is. Time alone may do that, too, and is not told. */
    onServiceChanged: () => void;
    /** Shared by all recorders: an outage of the venue is told once, and not by each connection. */
    outage: OutageNotice;
    log: Logger;
  }) {
    this.number = o.number;
    this.#publisher = o.publisher;
    this.#counters = o.counters;
    this.#ingestorId = o.ingestorId;
    this.#onPublished = o.onPublished;
    this.#onServiceChanged = o.onServiceChanged;
    this.#firstBookTimeoutMs = o.firstBookTimeoutMs;
    this.#version = o.shard.version;
    this.#log = o.log.child({ shard: o.number });
    this.#tokenIds = new Set(o.shard.tokens.map(({ tokenId }) => tokenId));
    this.#session = new MarketSession({
      url: o.url,
      tokenIds: [...this.#tokenIds],
      customFeatures: o.hearsLifecycle,
      log: this.#log,
      outage: o.outage,
      handler: {
        onOpen: (connection) => this.#begin(connection),
        onFrame: (connection, text, receivedAtUs) => this.#take(connection, text, receivedAtUs),
        onBinary: (_connection, bytes, receivedAtUs) =>
          this.#keepUnparsed(bytes, 'binary frame, or text that is not UTF-8', receivedAtUs),
        onClose: () => this.#end(),
      },
    });
  }

  /** Subscribes and unsubscribes in place until the connection serves the shard's tokens. */
  follow(shard: Shard): void {
    if (shard.version === this.#version) return;
    this.#version = shard.version;
    const wanted = new Set(shard.tokens.map(({ tokenId }) => tokenId));
    const joining = [...wanted].filter((tokenId) => !this.#tokenIds.has(tokenId));
    const leaving = [...this.#tokenIds].filter((tokenId) => !wanted.has(tokenId));
    for (const tokenId of joining) this.#tokenIds.add(tokenId);
    for (const tokenId of leaving) {
      this.#tokenIds.delete(tokenId);
      this.#connection?.covered.delete(tokenId);
    }
    // Leaving first: a full connection would not take the joining ones.
    if (leaving.length > 0) this.#session.unsubscribe(leaving);
    if (joining.length > 0) {
      this.#session.subscribe(joining);
      if (this.#connection !== null) this.#connection.waitsSinceMs = performance.now();
    }
    this.#onServiceChanged();
  }

  /**
   * How the shard is served. It is covered when every token has had its first book on the present connection; or when
   * some have, and the others have not had theirs for so long that they have none.
   */
  service(nowMs: number): { state: 'opening' | 'covered'; version: number } {
    return { state: this.#coversAt(nowMs) ? 'covered' : 'opening', version: this.#version };
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

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  get tokens(): number {
    return this.#tokenIds.size;
  }

  /** Tokens whose first book has come on the present connection. */
  get coveredTokens(): number {
    return this.#connection?.covered.size ?? 0;
  }

  /** Closes the connection. What it had delivered is with the publisher by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #begin({ connectionId }: SessionConnection): void {
    this.#counters.connectionsOpened += 1;
    this.#connection = {
      connectionId,
      ordinals: new OrdinalCounter({ windowMs: DUPLICATE_WINDOW_MS, contentsMax: CONTENTS_MAX }),
      covered: new Set(),
      waitsSinceMs: performance.now(),
      unparsed: 0,
      headers: {
        [PROVENANCE_HEADERS.connection]: connectionId,
        [PROVENANCE_HEADERS.shard]: String(this.number),
        [PROVENANCE_HEADERS.ingestor]: this.#ingestorId,
      },
    };
  }

  #end(): void {
    this.#counters.connectionsClosed += 1;
    this.#connection = null;
    this.#onServiceChanged();
  }

  #take(_connection: SessionConnection, text: string, receivedAtUs: number): void {
    this.#counters.frames += 1;
    if (this.#isCovered() && recogniseFrame(text) === 'known') return;
    const frame = parseFrame(text);
    if (frame.kind === 'pong') return;
    if (frame.kind === 'garbage') {
      this.#keepUnparsed(text, frame.reason, receivedAtUs);
      return;
    }
    let unread = 0;
    for (const element of frame.elements) {
      if (element.kind === 'event') {
        this.#takeEvent(element.event, receivedAtUs);
        continue;
      }
      unread += 1;
      if (unread > UNREAD_ELEMENTS_MAX) continue;
      const reason =
        element.kind === 'bad' ? element.reason : `unknown event type ${JSON.stringify(element.eventType)}`;
      this.#keepUnparsed(element.raw, reason, receivedAtUs);
    }
    // A frame of 50,000 elements that are none must not become 50,000 messages before the next trade.
    const more = unread - UNREAD_ELEMENTS_MAX;
    if (more > 0) this.#keepUnparsed(text, `${more} more elements of this frame could not be read`, receivedAtUs);
  }

  #takeEvent(event: MarketEvent, receivedAtUs: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    if (event.type === 'book') this.#cover(connection, event.tokenId);
    if (event.type === 'newMarket' || event.type === 'marketResolved') {
      const fact = lifecycleFromEvent(event, receivedAtUs);
      this.#counters.lifecycleEvents += 1;
      this.#publisher.publish({
        subject: eventSubject(fact),
        messageId: lifecycleMessageId(fact),
        body: JSON.stringify(fact),
        headers: connection.headers,
      });
      this.#onPublished();
    }
    if (event.type !== 'lastTradePrice') return;
    const trade = tradeFromEvent(event, connection.ordinals, { receivedAtUs, nowMs: performance.now() });
    this.#counters.trades += 1;
    this.#publisher.publish({
      subject: tradeSubject(trade),
      messageId: tradeMessageId(trade),
      body: JSON.stringify(trade),
      headers: connection.headers,
    });
    this.#onPublished();
  }

  #cover(connection: ConnectionState, tokenId: string): void {
    if (!this.#tokenIds.has(tokenId) || connection.covered.has(tokenId)) return;
    connection.covered.add(tokenId);
    if (this.#isCovered()) this.#onServiceChanged();
  }

  #keepUnparsed(raw: string | Uint8Array, reason: string, receivedAtUs: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    const { connectionId } = connection;
    const record = unparsedRecord(raw, { connectionId, counter: connection.unparsed, receivedAtUs, reason });
    connection.unparsed += 1;
    this.#counters.unparsed += 1;
    const { say, unsaid } = this.#unparsedNotice.failed(reason, performance.now());
    const level = say ? 'warn' : 'debug';
    this.#log[level]({ connectionId, reason, lengthBytes: record.lengthBytes, unsaid }, `Kept as unparsed: ${reason}.`);
    this.#publisher.publish({
      subject: unparsedSubject(connectionId),
      messageId: `${connectionId}:unparsed:${record.counter}`,
      body: JSON.stringify(record),
      headers: connection.headers,
    });
    this.#onPublished();
  }

  #coversAt(nowMs: number): boolean {
    if (this.#connection === null) return false;
    const { covered, waitsSinceMs } = this.#connection;
    return this.#isCovered() || (covered.size > 0 && nowMs - waitsSinceMs >= this.#firstBookTimeoutMs);
  }

  #isCovered(): boolean {
    return this.#connection !== null && this.#connection.covered.size >= this.#tokenIds.size;
  }
}

type ConnectionState = {
  connectionId: string;
  ordinals: OrdinalCounter;
  covered: Set<string>;
  /** Since when it waits for first books: since it was opened, or since the last tokens joined. */
  waitsSinceMs: number;
  unparsed: number;
  headers: Record<string, string>;
};

/** Elements of one frame that are kept one by one; the rest is kept with the frame as a whole. */
const UNREAD_ELEMENTS_MAX = 100;
/** Contents remembered for ordinals: two minutes of 5,000 trades a second on one connection. */
const CONTENTS_MAX = 600_000;
