export { type TradeRow, TradeRows } from './copy/trade-rows.ts';
export { Database } from './database.ts';
export {
  BatchLimitError,
  BatchRejectedError,
  DatabaseConfigurationError,
  DatabaseReplacedError,
  PositionConflictError,
  SchemaMismatchError,
} from './errors.ts';
export type { Loss } from './projection/loss.ts';
export type {
  ApplyResult,
  DeadLetter,
  ProjectedRows,
  ProjectionBatch,
} from './projection/projection-batch.ts';
export type { StreamLock } from './projection/stream-lock.ts';
export type { StreamPosition } from './projection/stream-position.ts';
export type { Edition } from './schema/edition.ts';
export type { RetainedTable, RetentionRound } from './schema/retention.ts';
export type { RecordedTrade, TapeTrade } from './tape.ts';
