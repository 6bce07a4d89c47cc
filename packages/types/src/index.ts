export { canonicalDecimal, isDecimal } from './decimal.ts';
export { PROVENANCE_HEADERS } from './headers.ts';
export { isConditionId, isTokenId } from './ids.ts';
export type { IngestorPresence, ShardService } from './ingestor.ts';
export type { LeaderRecord } from './leader.ts';
export { type LifecycleEvent, lifecycleMessageId } from './lifecycle-event.ts';
export type { Log } from './log.ts';
export type { Market, Token } from './market.ts';
export { DUPLICATE_WINDOW_MS, OrdinalCounter } from './ordinal-counter.ts';
export { SHARD_TOKENS_MAX, type Shard, type ShardToken } from './shard.ts';
export { eventSubject, isConnectionId, marketSubject, tradeSubject, unparsedSubject } from './subjects.ts';
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
