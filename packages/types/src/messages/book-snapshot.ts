/** Price and size of a level, decimal strings as received. */
export type BookLevel = [price: string, size: string];

/**
 * All levels of a token's book in one interval, on `pm.book.<page>` together with those of other tokens (`SnapshotPage`).
 *
 * Source: CLOB, `POST /books`, which sends the best level last; here it comes first on both sides.
 */
export type BookSnapshot = {
  conditionId: string;
  tokenId: string;
  /** Start of the snapshot's interval, milliseconds since the epoch: a multiple of the interval. */
  intervalStartMs: number;
  /** The venue's clock when it made the book, milliseconds since the epoch; null when the venue gave none. */
  exchangeAtMs: number | null;
  /** Highest price first. */
  bids: BookLevel[];
  /** Lowest price first. */
  asks: BookLevel[];
  bestBid: string | null;
  bestAsk: string | null;
  /** Best ask minus best bid, below 0 in a crossed book; null when a side has no orders. */
  spread: string | null;
  midpoint: string | null;
  tickSize: string | null;
  /** The venue's sha1 over the book, 40 hex digits in lower case; null when it sent none, or something else. */
  hash: string | null;
  /** Whether the hash matches the received book; null without a hash. A mismatch is counted, and the book kept. */
  hashMatches: boolean | null;
  /** Our clock when the answer arrived, milliseconds since the epoch. */
  seenAtMs: number;
};
