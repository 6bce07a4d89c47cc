export type { MarketReference, VenueStatus } from './control/venue-control.ts';
export type { TruthResolution } from './exchange/resolution-truth.ts';
export type { TruthTrade } from './exchange/truth-trade.ts';
export type { RateCount } from './rest/rate-counts.ts';
export { VenueSim } from './venue-sim.ts';
export { createVenueSimCommand } from './venue-sim-command.ts';
export {
  BadAnswerRequestError,
  LedgerOutgrownError,
  LedgerWriteError,
  MarketStepError,
  TradeRequestError,
} from './venue-sim-errors.ts';
export type { VenueSimOptions } from './venue-sim-options.ts';
