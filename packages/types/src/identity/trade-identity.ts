import { hash } from 'node:crypto';
import type { Side } from '../messages/trade.ts';
import { canonicalDecimal } from './decimal.ts';

/** The fields of a trade that make its identity. Strings as the venue sent them; the time is the venue's, in milliseconds. */
export type TradeContent = {
  tokenId: string;
  timestamp: string;
  price: string;
  size: string;
  side: Side;
  transactionHash: string | null;
};

/**
 * The content half of a trade's identity: the first 8 bytes of sha256 over the fields, as 16 hex digits.
 *
 * The venue sends no trade id, so the identity comes from what it does send: two replicas that see a trade, or one that
 * sees it twice, compute the same. Decimals and the hash are brought to one spelling first.
 *
 * @throws {RangeError} Price or size is not a decimal.
 */
export function tradeContentHash(trade: TradeContent): string {
  const { tokenId, timestamp, side } = trade;
  const price = canonicalDecimal(trade.price);
  const size = canonicalDecimal(trade.size);
  // No field can contain a line break (ids, digits, decimals and hex only), so the joined text is unambiguous.
  const fields = `${tokenId}\n${timestamp}\n${price}\n${size}\n${side}\n${trade.transactionHash?.toLowerCase() ?? ''}`;
  return hash('sha256', fields, 'hex').slice(0, 16);
}

/** `<16 hex digits>-<ordinal>`: unique together with token and venue time. */
export function tradeId(contentHash: string, ordinal: number): string {
  return `${contentHash}-${ordinal}`;
}

/** The two halves of a trade id, or null if the text is not one. */
export function parseTradeId(text: string): { contentHash: string; ordinal: number } | null {
  const match = /^([0-9a-f]{16})-(\d{1,5})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const ordinal = Number(match[2]);
  return ordinal <= ORDINAL_MAX ? { contentHash: match[1], ordinal } : null;
}

/**
 * Message id of a trade: the same for each retry and each replica, so that the broker keeps only the first.
 * It includes token and time because 8 bytes of hash alone could collide by chance within a day's trades.
 */
export function tradeMessageId(trade: { tokenId: string; exchangeAtMs: number; tradeId: string }): string {
  return `${trade.tokenId}:${trade.exchangeAtMs}:${trade.tradeId}`;
}

/** The largest ordinal that fits the database's smallint. */
export const ORDINAL_MAX = 32_767;
