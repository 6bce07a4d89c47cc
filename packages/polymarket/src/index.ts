export { GammaClient, type MarketPage } from './gamma-client.ts';
export type { GammaMarket, SkippedMarket } from './gamma-market.ts';
export type * from './market-event.ts';
export { MarketSession, type MarketSessionOptions, type MarketSessionStats } from './market-session.ts';
export { OutageNotice } from './outage-notice.ts';
export { type FrameElement, type ParsedFrame, parseFrame } from './parse-frame.ts';
export { recogniseFrame } from './recognise-frame.ts';
export type { ConnectionEnd, SessionConnection, SessionHandler } from './session-handler.ts';
export {
  VenueAnswerError,
  type VenueError,
  VenueRefusedError,
  VenueThrottledError,
  VenueUnavailableError,
} from './venue-errors.ts';
export { VenueHttp, type VenueHttpOptions, type VenueHttpStats } from './venue-http.ts';
