export type { BadAnswerKind, BadAnswerRequest } from './bad-answers.ts';
export type { ChannelLimits } from './channel-limits.ts';
export { LedgerWriteError } from './ledger-file.ts';
export type { RateCount, VenueHost } from './rate-counts.ts';
export type { TruthResolution } from './resolution-truth.ts';
export type { Burst } from './trade-pace.ts';
export { LedgerOutgrownError } from './truth-ledger.ts';
export type { TruthTrade } from './truth-trade.ts';
export type {
  ClosedMarket,
  MarketReference,
  SendTarget,
  Stall,
  TradeRequest,
  VenueStatus,
  VenueUrls,
} from './venue-control.ts';
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
