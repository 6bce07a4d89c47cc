import {
  type BookEvent,
  type FrameElement,
  type MarketEvent,
  type ParsedFrame,
  parseFrame,
  plainQuote,
  recogniseFrame,
} from '@polytape/polymarket';
import type { ConnectionStatus } from '@polytape/types';
import type { ConnectionPublisher } from '../publishing/connection-publisher.ts';
import { FrameRate } from './frame-rate.ts';
import { LastHeard } from './last-heard.ts';

export type ShardSocketOptions = {
  connectionId: string;
  tokenIds: Iterable<string>;
  publisher: ConnectionPublisher;
  /** How long to wait for the first book of a token. */
  firstBookTimeoutMs: number;
  onFirstBook: (event: BookEvent) => void;
  /** Called when the last waiting token has its book. */
  onCovered: () => void;
  nowMs: number;
};

/**
 * One socket of a connection. It hands what it receives to the publisher, and tracks which tokens it covers and how lively
 * its data is.
 *
 * A token is covered from its first `book` on. Every frame is parsed until every token is covered, or the wait is over; from
 * then on, frames with nothing to record are recognised without parsing.
 */
export class ShardSocket {
  readonly connectionId: string;
  readonly openedAtMs: number;
  readonly lastHeard = new LastHeard();
  readonly #o: ShardSocketOptions;
  readonly #openedSinceEpochMs = Date.now();
  readonly #covered = new Set<string>();
  /** Tokens without a book, with the time since which each waits: when the socket opened, or the token joined. */
  readonly #waiting: Map<string, number>;
  readonly #rate: FrameRate;
  #tokensEver: number;
  #tokens: number;
  #hasWaitedEnough = false;
  #frames = 0;
  #dataFrames = 0;
  /** Data frames that contain more than first books. */
  #livelyFrames = 0;
  #sampled = { dataFrames: 0, livelyFrames: 0 };
  #heardAtMs: number;
  /** Our clock, microseconds since the epoch. */
  #lastFrameAtUs: number | null = null;

  constructor(options: ShardSocketOptions) {
    this.#o = options;
    this.connectionId = options.connectionId;
    this.openedAtMs = options.nowMs;
    this.#heardAtMs = options.nowMs;
    this.#waiting = new Map([...options.tokenIds].map((tokenId) => [tokenId, options.nowMs]));
    this.#tokens = this.#waiting.size;
    this.#tokensEver = this.#waiting.size;
    this.#rate = new FrameRate(options.nowMs);
  }

  /** A new token has been subscribed. */
  joined(tokenId: string, nowMs: number): void {
    this.#tokens += 1;
    this.#tokensEver += 1;
    this.#waiting.set(tokenId, nowMs);
  }

  left(tokenId: string): void {
    this.#tokens -= 1;
    this.#waiting.delete(tokenId);
    this.#covered.delete(tokenId);
  }

  /** Takes a text frame. @returns Whether it was data: PONG, `[]` and text that is not JSON are not. */
  take(frame: Buffer, receivedAtUs: number): boolean {
    this.#frames += 1;
    this.#lastFrameAtUs = receivedAtUs;
    const quote = plainQuote(frame);
    if (quote !== null && this.#mayPassOver(quote === 'book')) return this.#passOver(frame);
    const text = frame.toString('utf8');
    if (this.#mayPassOver(text.includes('"book"')) && recogniseFrame(text) === 'known') return this.#passOver(frame);
    return this.#takeParsed(parseFrame(text), text, receivedAtUs);
  }

  takeBinary(bytes: Uint8Array, receivedAtUs: number): void {
    this.#o.publisher.unparsed(bytes, 'binary frame, or text that is not UTF-8', receivedAtUs);
  }

  /** Evaluates what has arrived since the last call. @returns Whether data beyond first books was among it. */
  sample(nowMs: number): boolean {
    this.#rate.sample(this.#frames, nowMs);
    if (this.#dataFrames !== this.#sampled.dataFrames) this.#heardAtMs = nowMs;
    const isLively = this.#livelyFrames !== this.#sampled.livelyFrames;
    this.#sampled = { dataFrames: this.#dataFrames, livelyFrames: this.#livelyFrames };
    this.#hasWaitedEnough = this.hasWaited(nowMs);
    return isLively;
  }

  /** Restarts every wait, after a time in which nothing was read through no fault of the venue. */
  resetSilence(nowMs: number): void {
    this.#heardAtMs = nowMs;
    for (const tokenId of this.#waiting.keys()) this.#waiting.set(tokenId, nowMs);
  }

  /** Whether every token has its first book; or some have, and the wait for the others is over. */
  coversAt(nowMs: number): boolean {
    return this.#waiting.size === 0 || (this.#covered.size > 0 && this.hasWaited(nowMs));
  }

  /** Whether the wait is over for every token: its first book has arrived, or the timeout has. */
  hasWaited(nowMs: number): boolean {
    for (const sinceMs of this.#waiting.values()) if (nowMs - sinceMs < this.#o.firstBookTimeoutMs) return false;
    return true;
  }

  /** Whether every token has its first book. */
  get isWhole(): boolean {
    return this.#waiting.size === 0;
  }

  /** Tokens that have waited too long for their first book. */
  missing(nowMs: number): string[] {
    const { firstBookTimeoutMs } = this.#o;
    const late = [...this.#waiting].filter(([, sinceMs]) => nowMs - sinceMs >= firstBookTimeoutMs);
    return late.map(([tokenId]) => tokenId);
  }

  /** Tokens whose first book has arrived. */
  get covered(): ReadonlySet<string> {
    return this.#covered;
  }

  /** When data last arrived, as far as `sample` has seen; at first, when the socket opened. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Milliseconds since the epoch. */
  get lastFrameAtMs(): number | null {
    return this.#lastFrameAtUs === null ? null : Math.floor(this.#lastFrameAtUs / 1_000);
  }

  /** Share of the tokens ever subscribed that have left: 0 to 1. */
  get pollution(): number {
    return this.#tokensEver === 0 ? 0 : (this.#tokensEver - this.#tokens) / this.#tokensEver;
  }

  status(role: ConnectionStatus['role']): ConnectionStatus {
    return {
      connectionId: this.connectionId,
      role,
      openedAtMs: this.#openedSinceEpochMs,
      tokens: this.#tokens,
      covered: this.#covered.size,
      framesPerSecond: Math.round(this.#rate.perSecond * 10) / 10,
      lastFrameAtMs: this.lastFrameAtMs,
    };
  }

  #passOver(frame: Buffer): true {
    this.#dataFrames += 1;
    this.#livelyFrames += 1;
    this.lastHeard.passedOver(frame);
    return true;
  }

  #takeParsed(frame: ParsedFrame, text: string, receivedAtUs: number): boolean {
    if (frame.kind === 'pong') return false;
    if (frame.kind === 'garbage') {
      this.#o.publisher.unparsed(text, frame.reason, receivedAtUs);
      return false;
    }
    if (frame.elements.length === 0) return false;
    this.#dataFrames += 1;
    this.#takeElements(frame.elements, text, receivedAtUs);
    return true;
  }

  #takeElements(elements: readonly FrameElement[], text: string, receivedAtUs: number): void {
    const { publisher } = this.#o;
    let firstBooks = 0;
    let unread = 0;
    for (const element of elements) {
      if (element.kind === 'event') {
        if (this.#takeEvent(element.event, receivedAtUs) === 'first book') firstBooks += 1;
        if (element.flaw !== undefined) publisher.unparsed(element.flaw.raw, element.flaw.reason, receivedAtUs);
        continue;
      }
      unread += 1;
      if (unread > UNREAD_ELEMENTS_MAX) continue;
      const reason =
        element.kind === 'bad' ? element.reason : `unknown event type ${JSON.stringify(element.eventType)}`;
      publisher.unparsed(element.raw, reason, receivedAtUs);
    }
    if (firstBooks < elements.length) this.#livelyFrames += 1;
    // A frame of 50,000 bad elements must not become 50,000 records before the next trade.
    const more = unread - UNREAD_ELEMENTS_MAX;
    if (more > 0) publisher.unparsed(text, `${more} more elements of this frame could not be parsed`, receivedAtUs);
  }

  #takeEvent(event: MarketEvent, receivedAtUs: number): 'first book' | 'other' {
    const { publisher } = this.#o;
    this.lastHeard.parsed(event);
    switch (event.type) {
      case 'lastTradePrice':
        publisher.trade(event, receivedAtUs);
        break;
      case 'newMarket':
      case 'marketResolved':
        publisher.lifecycle(event, receivedAtUs);
        break;
      case 'tickSizeChange':
        publisher.tickSize(event, receivedAtUs);
        break;
      case 'book':
        return this.#cover(event);
    }
    return 'other';
  }

  #cover(event: BookEvent): 'first book' | 'other' {
    if (!this.#waiting.delete(event.tokenId)) return 'other';
    this.#covered.add(event.tokenId);
    this.#o.onFirstBook(event);
    if (this.#waiting.size === 0) this.#o.onCovered();
    return 'first book';
  }

  /** Whether a frame with nothing to record may stay unparsed. A missing book may still come. */
  #mayPassOver(hasBook: boolean): boolean {
    return this.#waiting.size === 0 || (this.#hasWaitedEnough && !hasBook);
  }
}

/** Bad elements of one frame that are kept one by one. The others are kept with the frame as a whole. */
const UNREAD_ELEMENTS_MAX = 100;
