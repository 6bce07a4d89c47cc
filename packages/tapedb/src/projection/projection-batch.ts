import type { BookSnapshot, Market, MarketFact, PriceSnapshot, Trade, Unparsed } from '@polytape/types';
import type { StreamPosition } from './stream-position.ts';

/**
 * Messages of one stream as rows, and how they move its position; stored whole or not at all. The rows are as the log's
 * decoding gives them, which decides what a message must have; they are not checked again.
 */
export type ProjectionBatch = {
  stream: string;
  /** Where the batch begins: what `position()` said, or the `to` of the batch before. Null when nothing was read yet. */
  from: StreamPosition | null;
  /** The last message of the batch. */
  to: StreamPosition;
  /** What is absent is none. */
  rows: Partial<ProjectedRows>;
  deadLetters: DeadLetter[];
};

/** What messages become, each list in stream order: where two messages are about the same row, the order may decide. */
export type ProjectedRows = {
  trades: TradeRow[];
  prices: PriceSnapshot[];
  books: BookSnapshot[];
  markets: Market[];
  facts: MarketFact[];
  unparsed: Unparsed[];
};

export type TradeRow = Trade & {
  /** Connection that saw the trade, as `isConnectionId` has it, from the message's headers; null when they name none. */
  connectionId: string | null;
};

/** A message that cannot become a row; kept whole. */
export type DeadLetter = {
  sequence: number;
  subject: string;
  messageId: string | null;
  /** When the broker stored it, milliseconds since the epoch; null when it is not known. */
  storedAtMs: number | null;
  /** Why, in words for the operator. Cut at 4,096 characters. */
  reason: string;
  body: Uint8Array;
};

/** What a batch changed. */
export type ApplyResult = {
  /** Trades that were new; the others were there before (a replay, a second replica). */
  inserted: number;
};
