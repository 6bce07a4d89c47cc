import { type BookEvent, type MarketEvent, parseFrame } from '@polytape/polymarket';

/**
 * The venue's time of the last event that a connection received for its tokens. Compared with the first books of its
 * successor, it shows whether the connection missed anything: the venue dates a book by its last change, not by the time
 * of the request (in recorded data a first book has the time of the last change before it).
 */
export class LastHeard {
  #atMs = 0;
  /** The last frames that were not parsed, in any order; they are parsed only when a successor is compared. */
  #unparsed: Buffer[] = [];
  #passedOver = 0;

  parsed(event: MarketEvent): void {
    // These two come for all markets of the venue, and say nothing about the connection's tokens.
    if (event.type === 'newMarket' || event.type === 'marketResolved') return;
    this.#atMs = Math.max(this.#atMs, Number(event.timestamp));
  }

  passedOver(frame: Buffer): void {
    this.#unparsed[this.#passedOver % FRAMES_MAX] = frame;
    this.#passedOver += 1;
  }

  /** Whether this book, which arrived on another connection, has changed since. */
  misses(book: BookEvent): boolean {
    for (const bytes of this.#unparsed) {
      const frame = parseFrame(bytes.toString('utf8'));
      if (frame.kind !== 'events') continue;
      for (const element of frame.elements) if (element.kind === 'event') this.parsed(element.event);
    }
    this.#unparsed = [];
    this.#passedOver = 0;
    return Number(book.timestamp) > this.#atMs;
  }
}

/** Neighbouring frames may be out of order by some milliseconds, so the last frame alone may not have the latest time. */
const FRAMES_MAX = 8;
