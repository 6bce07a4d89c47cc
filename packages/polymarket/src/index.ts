export { backoffMs } from './backoff-ms.ts';
export type { BadRow } from './bad-row.ts';
export type { ClobBook } from './clob-book.ts';
export { type BookBatch, ClobClient, type QuoteBatch } from './clob-client.ts';
export type { ClobMarket } from './clob-market.ts';
export { DataClient, type ResolutionBatch } from './data-client.ts';
export type { DataResolution } from './data-resolution.ts';
export { type DataTrade, readDataTrade } from './data-trade.ts';
export { GammaClient, type MarketPage } from './gamma-client.ts';
export type { GammaMarket, SkippedMarket } from './gamma-market.ts';
export type { GammaSettlement } from './gamma-settlement.ts';
export type { FailedBatch } from './in-batches.ts';
export { inferWinner, type WinnerEvidence } from './infer-winner.ts';
export { LIVE_VENUE } from './live-venue.ts';
export type * from './market-event.ts';
export { MarketSession, type MarketSessionOptions, type MarketSessionStats } from './market-session.ts';
export { type FrameElement, type ParsedFrame, parseFrame } from './parse-frame.ts';
export type { Quote } from './quote.ts';
export { recogniseFrame } from './recognise-frame.ts';
export type { ConnectionEnd, SessionConnection, SessionHandler } from './session-handler.ts';
export {
  isVenueError,
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from './venue-errors.ts';
export { VenueHttp, type VenueHttpOptions, type VenueHttpStats } from './venue-http.ts';
