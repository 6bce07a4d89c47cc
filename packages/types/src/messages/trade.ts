/** The taker's side. */
export type Side = 'BUY' | 'SELL';

/** Where a trade was seen: live on the market channel, or fetched afterwards from the Data API. */
export type TradeSource = 'websocket' | 'data_api';

/**
 * One match on the book; the body of a message on `pm.trade.<conditionId>.<tokenId>`.
 *
 * Source: market channel, `last_trade_price`. The headers name the connection that saw it, so that two replicas that see
 * one trade publish the same body except for the receive time.
 */
export type Trade = {
  /** Content identity and ordinal, see `tradeId`. */
  tradeId: string;
  conditionId: string;
  tokenId: string;
  side: Side;
  /** Decimal string in [0, 1], exactly as received; a float would invent digits. */
  price: string;
  /** Shares, decimal string exactly as received, up to 6 decimals. */
  size: string;
  /** Fee rate in basis points as the venue writes it; null when it gave none. */
  feeRateBps: string | null;
  /** `0x` and 64 hex digits in lower case; null in feeds that carry none. */
  transactionHash: string | null;
  /** The venue's clock, milliseconds since the epoch. */
  exchangeAtMs: number;
  /** Our clock when the frame arrived, microseconds since the epoch. Never overwritten with the venue's. */
  receivedAtUs: number;
  source: TradeSource;
};

/**
 * The trade as JSON, as `JSON.stringify` writes it; a twentieth of its time. No text of a trade needs an escape: they are ids, decimals and
 * hex digits that have been checked.
 */
export function encodeTrade(trade: Trade): string {
  const { tradeId, conditionId, tokenId, side, price, size, feeRateBps, transactionHash } = trade;
  const fee = feeRateBps === null ? 'null' : `"${feeRateBps}"`;
  const hash = transactionHash === null ? 'null' : `"${transactionHash}"`;
  return (
    `{"tradeId":"${tradeId}","conditionId":"${conditionId}","tokenId":"${tokenId}","side":"${side}","price":"${price}"` +
    `,"size":"${size}","feeRateBps":${fee},"transactionHash":${hash},"exchangeAtMs":${trade.exchangeAtMs}` +
    `,"receivedAtUs":${trade.receivedAtUs},"source":"${trade.source}"}`
  );
}
