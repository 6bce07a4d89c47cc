export { type BookLevel, type BookSnapshot, bookMessageId } from './book-snapshot.ts';
export {
  COMMANDS,
  type RecycleAnswer,
  type RecycleRequest,
  type SubscribeAnswer,
  type SubscribeRequest,
} from './command.ts';
export { canonicalDecimal, compareDecimals, isDecimal, midpointOf, spreadOf } from './decimal.ts';
export {
  decodeBook,
  decodeFact,
  decodeMarket,
  decodePrice,
  decodeTrade,
  decodeUnparsed,
  MalformedMessageError,
} from './decode-message.ts';
export type { MarketFact } from './event.ts';
export { PROVENANCE_HEADERS } from './headers.ts';
export { isConditionId, isTokenId } from './ids.ts';
export { type IngestorPresence, MISSING_TOKENS_MAX, type ShardService } from './ingestor.ts';
export { presenceFault } from './ingestor-fault.ts';
export type { LeaderRecord } from './leader.ts';
export { type LifecycleEvent, lifecycleMessageId } from './lifecycle-event.ts';
export { type Log, silentLog } from './log.ts';
export { type Market, type MarketFees, type Token, wholeMarket } from './market.ts';
export { type MarketChange, marketChangeMessageId } from './market-change.ts';
export { DUPLICATE_WINDOW_MS, OrdinalCounter } from './ordinal-counter.ts';
export { OutageNotice } from './outage-notice.ts';
export { isPlausibleTime } from './plausible-time.ts';
export { type PriceSnapshot, priceMessageId } from './price-snapshot.ts';
export {
  type MarketResolution,
  type OutcomeKind,
  type ResolutionMethod,
  type ResolutionStep,
  resolutionMessageId,
  type Settlement,
} from './resolution.ts';
export { SHARD_TOKENS_MAX, type Shard, type ShardToken } from './shard.ts';
export { shardFault } from './shard-fault.ts';
export type {
  ConnectionStatus,
  IngestorStatus,
  JobStatus,
  RecyclingStats,
  SchedulerStatus,
  ServiceStatus,
  ShardStatus,
  WriterStatus,
} from './status.ts';
export { storableText } from './storable-text.ts';
export {
  bookSubject,
  eventSubject,
  isConnectionId,
  marketSubject,
  priceSubject,
  tradeSubject,
  unparsedSubject,
} from './subjects.ts';
export { type TickSizeChange, tickSizeMessageId } from './tick-size-change.ts';
export type { Side, Trade, TradeSource } from './trade.ts';
export {
  ORDINAL_MAX,
  parseTradeId,
  type TradeContent,
  tradeContentHash,
  tradeId,
  tradeMessageId,
} from './trade-identity.ts';
export { UNPARSED_BODY_BYTES_MAX, type Unparsed } from './unparsed.ts';
