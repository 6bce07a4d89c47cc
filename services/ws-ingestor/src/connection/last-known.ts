import { hash } from 'node:crypto';
import { type BookEvent, type MarketEvent, parseFrame } from '@polytape/polymarket';

/**
 * What a connection last knew of its tokens' books: enough to tell, from the first books of its successor, whether
 * anything happened that it did not hear.
 *
 * Two signs show that nothing did, and one is enough: the venue dates the new book no later than what had been heard, or
 * its levels are those of the last book that was read, and nothing was heard of that token since. Frames that were passed
 * over unread void the second sign, for any token may have been in them.
 */
export class LastKnown {
  /** Of the levels of the last book that was read, by token; gone when something was heard of it since. */
  readonly #levels = new Map<string, string>();
  /** The last ones that were passed over; they are read only if it comes to it. */
  #unread: string[] = [];
  #heardMs = 0;

  read(event: MarketEvent): void {
    switch (event.type) {
      case 'book':
        this.#levels.set(event.tokenId, levelsDigest(event));
        break;
      case 'priceChange':
        for (const { tokenId } of event.changes) this.#levels.delete(tokenId);
        break;
      case 'lastTradePrice':
      case 'tickSizeChange':
        this.#levels.delete(event.tokenId);
        break;
      default:
        return; // of all markets of the venue, or not in order: they say nothing of what was heard of these
    }
    this.#heardMs = Math.max(this.#heardMs, Number(event.timestamp));
  }

  passedOver(text: string): void {
    if (this.#levels.size > 0) this.#levels.clear();
    if (this.#unread.push(text) >= UNREAD_MAX * 2) this.#unread = this.#unread.slice(-UNREAD_MAX);
  }

  /** Whether this book, which came on another connection, shows that something was not heard here. */
  misses(book: BookEvent): boolean {
    this.#catchUp();
    return Number(book.timestamp) > this.#heardMs && this.#levels.get(book.tokenId) !== levelsDigest(book);
  }

  #catchUp(): void {
    for (const text of this.#unread) {
      const frame = parseFrame(text);
      if (frame.kind !== 'events') continue;
      for (const element of frame.elements) if (element.kind === 'event') this.read(element.event);
    }
    if (this.#unread.length > 0) this.#levels.clear();
    this.#unread = [];
  }
}

function levelsDigest({ bids, asks }: BookEvent): string {
  return hash('sha256', JSON.stringify([bids, asks])).slice(0, 16);
}

/** Times of neighbouring frames may be out of order by some milliseconds, so the last one alone is not the latest. */
const UNREAD_MAX = 8;
