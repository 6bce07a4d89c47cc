import type { Side } from './order-book.ts';

/** One executed fill, exactly as the venue says it on the market channel; one line of the ledger. */
export type TruthTrade = {
  tokenId: string;
  conditionId: string;
  /** Decimal string on a tick. */
  price: string;
  /** Shares, decimal string with up to 6 decimals. */
  size: string;
  /** The taker's. */
  side: Side;
  /** Milliseconds since the epoch, as a string. */
  timestamp: string;
  /** `0x` and 64 hex digits; null when the event carried none. */
  transactionHash: string | null;
  /** As sent, the empty string included; null when the event carried no such field. */
  feeRateBps: string | null;
  /** The token's book had been sent to at least one socket at some time before this trade: a recorder could have had it. */
  subscribed: boolean;
  /** How many sockets it was written to; stalled ones do not count. */
  sockets: number;
};
