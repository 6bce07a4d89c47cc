export type * from './channel/market-event.ts';
export { MarketSession } from './channel/market-session.ts';
export { FRAME_TOO_LARGE } from './channel/market-socket.ts';
export { type FrameElement, type ParsedFrame, parseFrame } from './channel/parse-frame.ts';
export { recogniseFrame } from './channel/recognise-frame.ts';
export type { ConnectionEnd } from './channel/session-handler.ts';
export type { ClobBook } from './clob/clob-book.ts';
export { type BookBatch, ClobClient, type QuoteBatch } from './clob/clob-client.ts';
export type { ClobMarket } from './clob/clob-market.ts';
export type { Quote } from './clob/quote.ts';
export { DataClient, type ResolutionBatch } from './data/data-client.ts';
export type { DataResolution } from './data/data-resolution.ts';
export { type DataTrade, readDataTrade } from './data/data-trade.ts';
export { GammaClient, type MarketPage } from './gamma/gamma-client.ts';
export type { GammaMarket, SkippedMarket } from './gamma/gamma-market.ts';
export type { GammaSettlement } from './gamma/gamma-settlement.ts';
export { backoffMs } from './http/backoff-ms.ts';
export type { BadRow } from './http/bad-row.ts';
export type { FailedBatch } from './http/in-batches.ts';
export { VenueHttp, type VenueHttpOptions, type VenueHttpStats } from './http/venue-http.ts';
export { inferWinner, type WinnerEvidence } from './infer-winner.ts';
export { LIVE_VENUE } from './live-venue.ts';
export {
  isVenueError,
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from './venue-errors.ts';
