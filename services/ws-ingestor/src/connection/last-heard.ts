import { type BookEvent, type MarketEvent, parseFrame } from '@polytape/polymarket';

/**
 * The venue's time of the last event that a connection heard of its tokens: enough to tell, from the first books of its
 * successor, whether anything happened that it did not hear. The venue dates a book by its last change, not by the moment
 * at which it was asked for (recorded: a first book has the time of the last change before it).
 */
export class LastHeard {
  #atMs = 0;
  /** The last frames that were passed over; they are parsed only when a successor is compared. */
  #unparsed: string[] = [];

  parsed(event: MarketEvent): void {
    // Of all markets of the venue: they say nothing about these tokens.
    if (event.type === 'newMarket' || event.type === 'marketResolved') return;
    this.#atMs = Math.max(this.#atMs, Number(event.timestamp));
  }

  passedOver(text: string): void {
    if (this.#unparsed.push(text) >= FRAMES_MAX * 2) this.#unparsed = this.#unparsed.slice(-FRAMES_MAX);
  }

  /** Whether this book, which came on another connection, has changed since. */
  misses(book: BookEvent): boolean {
    for (const text of this.#unparsed) {
      const frame = parseFrame(text);
      if (frame.kind !== 'events') continue;
      for (const element of frame.elements) if (element.kind === 'event') this.parsed(element.event);
    }
    this.#unparsed = [];
    return Number(book.timestamp) > this.#atMs;
  }
}

/** Times of neighbouring frames may be out of order by some milliseconds, so the last one alone is not the latest. */
const FRAMES_MAX = 8;
