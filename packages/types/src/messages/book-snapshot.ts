/** Price and size of a level, decimal strings as received. */
export type BookLevel = [price: string, size: string];

/**
 * All levels of a token's book; the body of a message on `pm.book.<conditionId>.<tokenId>`.
 *
 * Source: CLOB, `POST /books`, which sends the best level last; here it stands first on both sides.
 */
export type BookSnapshot = {
  conditionId: string;
  tokenId: string;
  /** Start of the interval that it stands for, milliseconds since the epoch: a multiple of the interval. */
  intervalStartMs: number;
  /** The venue's clock when it made the book, milliseconds since the epoch; null where it did not say. */
  exchangeAtMs: number | null;
  /** Highest price first. */
  bids: BookLevel[];
  /** Lowest price first. */
  asks: BookLevel[];
  bestBid: string | null;
  bestAsk: string | null;
  /** Best ask less best bid, below 0 in a crossed book; null where a side has no orders. */
  spread: string | null;
  midpoint: string | null;
  tickSize: string | null;
  /** The venue's own sha1 over the book, 40 hex digits in lower case; null where none came, or something else. */
  hash: string | null;
  /** Whether the hash is that of what was received; null where none came. A difference is counted, and the book kept. */
  hashMatches: boolean | null;
  /** Our clock when the answer came, milliseconds since the epoch. */
  seenAtMs: number;
};

/** One snapshot a token and interval, as of prices. */
export function bookMessageId({ tokenId, intervalStartMs }: Pick<BookSnapshot, 'tokenId' | 'intervalStartMs'>): string {
  return `book:${tokenId}:${intervalStartMs}`;
}
