export {
  COMMANDS,
  type RecycleAnswer,
  type RecycleRequest,
  type SubscribeAnswer,
  type SubscribeRequest,
} from './fleet/command.ts';
export {
  type IngestorPresence,
  LACKING_TOKENS_MAX,
  MISSING_TOKENS_MAX,
  type ShardService,
} from './fleet/ingestor.ts';
export { presenceFault } from './fleet/ingestor-fault.ts';
export type { LeaderRecord } from './fleet/leader.ts';
export { SHARD_TOKENS_MAX, type Shard, type ShardToken } from './fleet/shard.ts';
export { shardFault } from './fleet/shard-fault.ts';
export type {
  ConnectionStatus,
  IngestorStatus,
  JobStatus,
  RecyclingStats,
  SchedulerStatus,
  ServiceStatus,
  ShardStatus,
  WriterStatus,
} from './fleet/status.ts';
export { canonicalDecimal, compareDecimals, isDecimal, midpointOf, spreadOf } from './identity/decimal.ts';
export { isConditionId, isTokenId } from './identity/ids.ts';
export { DUPLICATE_WINDOW_MS, OrdinalCounter } from './identity/ordinal-counter.ts';
export {
  ORDINAL_MAX,
  parseTradeId,
  type TradeContent,
  tradeContentHash,
  tradeId,
  tradeMessageId,
} from './identity/trade-identity.ts';
export type { BookLevel, BookSnapshot } from './messages/book-snapshot.ts';
export {
  type DecodedSnapshots,
  decodeBooks,
  decodeFact,
  decodeMarket,
  decodePrices,
  decodeTrade,
  decodeUnparsed,
  MalformedMessageError,
} from './messages/decode-message.ts';
export type { MarketFact } from './messages/event.ts';
export { PROVENANCE_HEADERS } from './messages/headers.ts';
export { type LifecycleEvent, lifecycleMessageId } from './messages/lifecycle-event.ts';
export type { Market, MarketFees, Token } from './messages/market.ts';
export { type MarketChange, marketChangeMessageId } from './messages/market-change.ts';
export { isPlausibleTime } from './messages/plausible-time.ts';
export type { PriceSnapshot } from './messages/price-snapshot.ts';
export {
  type MarketResolution,
  type OutcomeKind,
  type ResolutionMethod,
  type ResolutionStep,
  resolutionMessageId,
  type Settlement,
} from './messages/resolution.ts';
export { type ScannedTrade, scanTrade } from './messages/scan-trade.ts';
export { pageMessageId, pageOf, type SnapshotPage } from './messages/snapshot-page.ts';
export { storableJson, storableText } from './messages/storable-text.ts';
export {
  eventSubject,
  isConnectionId,
  marketSubject,
  snapshotSubject,
  tradeSubject,
  unparsedSubject,
} from './messages/subjects.ts';
export { type TickSizeChange, tickSizeMessageId } from './messages/tick-size-change.ts';
export { encodeTrade, type Side, type Trade, type TradeSource } from './messages/trade.ts';
export { UNPARSED_BODY_BYTES_MAX, type Unparsed } from './messages/unparsed.ts';
