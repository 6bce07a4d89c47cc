/**
 * The tick size of a token changed; the body of a message on `pm.event.<conditionId>.tick_size_change`.
 *
 * Source: market channel, `tick_size_change`.
 */
export type TickSizeChange = {
  type: 'tick_size_change';
  conditionId: string;
  tokenId: string;
  /** Decimal strings. */
  oldTickSize: string | null;
  newTickSize: string;
  /** The venue's clock, milliseconds since the epoch. */
  exchangeAtMs: number;
  /** Our clock when the frame arrived, microseconds since the epoch. */
  receivedAtUs: number;
};

/** The message id: several connections may receive the same change. */
export function tickSizeMessageId({ tokenId, exchangeAtMs }: Pick<TickSizeChange, 'tokenId' | 'exchangeAtMs'>): string {
  return `tick_size_change:${tokenId}:${exchangeAtMs}`;
}
