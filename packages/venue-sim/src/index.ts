export type { ChannelLimits } from './channel/channel-limits.ts';
export type {
  ClosedMarket,
  MarketReference,
  SendTarget,
  Stall,
  TradeRequest,
  VenueStatus,
  VenueUrls,
} from './control/venue-control.ts';
export { LedgerWriteError } from './exchange/ledger-file.ts';
export type { TruthResolution } from './exchange/resolution-truth.ts';
export type { Burst } from './exchange/trade-pace.ts';
export { LedgerOutgrownError } from './exchange/truth-ledger.ts';
export type { TruthTrade } from './exchange/truth-trade.ts';
export type { BadAnswerKind, BadAnswerRequest } from './rest/bad-answers.ts';
export type { RateCount, VenueHost } from './rest/rate-counts.ts';
export { VenueSim } from './venue-sim.ts';
export { createVenueSimCommand, type VenueSimCommandOptions } from './venue-sim-command.ts';
export {
  BadAnswerRequestError,
  MarketStepError,
  TradeRequestError,
  VenueSimOptionError,
  VenueSimStartError,
} from './venue-sim-errors.ts';
export type { VenueSimOptions } from './venue-sim-options.ts';
