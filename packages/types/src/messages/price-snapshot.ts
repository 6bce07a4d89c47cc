/**
 * Prices of a token in one interval, on `pm.price.<page>` together with those of other tokens (`SnapshotPage`).
 *
 * Prices are decimal strings in [0, 1]; null means that the venue gave none, which is not a price of 0. A side of the book
 * without orders is null, too.
 */
export type PriceSnapshot = {
  conditionId: string;
  tokenId: string;
  /** Start of the snapshot's interval, milliseconds since the epoch: a multiple of the interval. */
  intervalStartMs: number;
  /** Price of the last trade, whenever that was; null for a token that was never traded. */
  lastPrice: string | null;
  bestBid: string | null;
  bestAsk: string | null;
  /** Half of the sum of bid and ask; null when a side has no orders. */
  midpoint: string | null;
  /** Volume of the whole market, in collateral, decimal string. From its document, so some minutes old. */
  volume24h: string | null;
  /** Our clock when the answer arrived, milliseconds since the epoch. */
  seenAtMs: number;
};
