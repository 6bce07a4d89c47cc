export type { Burst } from './trade-pace.ts';
export { LedgerOutgrownError } from './truth-ledger.ts';
export type { TruthTrade } from './truth-trade.ts';
export { type MarketReference, type TradeRequest, VenueSim, type VenueStatus, type VenueUrls } from './venue-sim.ts';
export { createVenueSimCommand, type VenueSimCommandOptions } from './venue-sim-command.ts';
export { TradeRequestError, VenueSimOptionError, VenueSimStartError } from './venue-sim-errors.ts';
export type { VenueSimOptions } from './venue-sim-options.ts';
