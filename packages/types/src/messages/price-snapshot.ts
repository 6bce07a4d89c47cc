/**
 * What a token was worth in one interval; the body of a message on `pm.price.<conditionId>.<tokenId>`.
 *
 * Prices are decimal strings in [0, 1]; null means that the venue told none, which is not a price of 0. A side of the
 * book without orders is null, too.
 */
export type PriceSnapshot = {
  conditionId: string;
  tokenId: string;
  /** Start of the interval that it stands for, milliseconds since the epoch: a multiple of the interval. */
  intervalStartMs: number;
  /** Of the last trade, whenever that was; null for a token that was never traded. */
  lastPrice: string | null;
  bestBid: string | null;
  bestAsk: string | null;
  /** Half of the sum of both; null where a side has no orders. */
  midpoint: string | null;
  /** Of the whole market, in collateral, decimal string. Known from its document, so some minutes old. */
  volume24h: string | null;
  /** Our clock when the answer came, milliseconds since the epoch. */
  seenAtMs: number;
};

/** One snapshot a token and interval: two schedulers that overlap for a moment publish it once. */
export function priceMessageId({
  tokenId,
  intervalStartMs,
}: Pick<PriceSnapshot, 'tokenId' | 'intervalStartMs'>): string {
  return `price:${tokenId}:${intervalStartMs}`;
}
