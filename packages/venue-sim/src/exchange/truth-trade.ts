import type { Side } from './order-book.ts';

/** An executed fill, exactly as sent on the market channel; one line of the ledger. */
export type TruthTrade = {
  tokenId: string;
  conditionId: string;
  /** Decimal string on a tick. */
  price: string;
  /** Shares, decimal string with up to 6 decimals. */
  size: string;
  /** Side of the taker. */
  side: Side;
  /** Milliseconds since the epoch, as a string. */
  timestamp: string;
  /** `0x` and 64 hex digits; null if the event had none. */
  transactionHash: string | null;
  /** As sent, possibly the empty string; null if the event had no such field. */
  feeRateBps: string | null;
  /** Whether the token's book had been sent to some socket before this trade, so that a recorder could have received it. */
  subscribed: boolean;
  /** Number of sockets that it was written to, without stalled ones. */
  sockets: number;
};
