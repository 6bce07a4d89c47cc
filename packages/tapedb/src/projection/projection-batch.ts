import type { BookSnapshot, Market, MarketFact, PriceSnapshot, Unparsed } from '@polytape/types';
import type { TradeRows } from '../copy/trade-rows.ts';
import type { StreamPosition } from './stream-position.ts';

/**
 * Messages of one stream as rows, and the move of its position; stored as a whole or not at all. The rows come from the
 * log's decoding, which decides what a message must have; they are not checked again.
 */
export type ProjectionBatch = {
  stream: string;
  /** The position before the batch: from `position()`, or the `to` of the previous batch. Null when nothing was read yet. */
  from: StreamPosition | null;
  /** The last message of the batch. */
  to: StreamPosition;
  /** Absent lists are empty. */
  rows: Partial<ProjectedRows>;
  deadLetters: DeadLetter[];
};

/** Rows by kind, each list in stream order: when two messages concern the same row, the order may decide. */
export type ProjectedRows = {
  trades: TradeRows;
  prices: PriceSnapshot[];
  books: BookSnapshot[];
  markets: Market[];
  facts: MarketFact[];
  unparsed: Unparsed[];
};

/** A message that cannot become a row, kept whole. */
export type DeadLetter = {
  sequence: number;
  subject: string;
  messageId: string | null;
  /** When the broker stored it, milliseconds since the epoch; null when unknown. */
  storedAtMs: number;
  /** Why, for the operator. Cut at 4,096 characters. */
  reason: string;
  body: Uint8Array;
};

/** What a batch changed. */
export type ApplyResult = {
  /** Trades that were new; the others were stored before (a replay, a second replica). */
  inserted: number;
};
