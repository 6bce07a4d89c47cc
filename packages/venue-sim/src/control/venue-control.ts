import type { ChannelLimits } from '../channel/channel-limits.ts';
import type { SocketEndings } from '../channel/market-channel.ts';
import type { EventCounts } from '../channel/market-feed.ts';
import type { Side } from '../exchange/order-book.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';
import type { RestFaults } from '../rest/rest-faults.ts';
import type { MarketLifeControl } from './market-life-control.ts';

/** The controls of a venue: implemented by `VenueSim`, offered over HTTP below `/sim/`. */
export type VenueControl = {
  status(): VenueStatus;
  startTrading(): void;
  stopTrading(): Promise<void>;
  ledgerLines(): AsyncIterable<string>;
  trade(request: TradeRequest): TruthTrade;
  send(message: string | Buffer, to: SendTarget): number;
  drop(socket?: number): number;
  limitSockets(limits: Partial<ChannelLimits>): ChannelLimits;
  stall(stall?: Stall): number;
  unstall(socket?: number | 'all'): number;
  openMarketList(): MarketReference[];
  openMarkets(count: number): MarketReference[];
  closeMarket(conditionId: string, winner?: 0 | 1): ClosedMarket | null;
  readonly life: MarketLifeControl;
  readonly rest: RestFaults;
};

/** Addresses of the venue's interfaces, without a trailing slash. */
export type VenueUrls = { ws: string; gamma: string; clob: string; data: string; sim: string };

/** All sockets, one socket by number, or the listeners of a token. */
export type SendTarget = 'all' | number | string;

/**
 * Sockets to stall: one by number or all open ones, and optionally all new ones. Without options all open sockets; with only
 * `newSockets` none of the open ones.
 */
export type Stall = { socket?: number | 'all'; newSockets?: boolean };

/** A trade to execute now; omitted values are chosen. */
export type TradeRequest = {
  /** Default: a random token whose book was sent to somebody, or any token if there is none. */
  tokenId?: string;
  side?: Side;
  /** On the market's tick; default: the best price, or the fair price if that side is empty. */
  price?: string;
  /** Shares, up to 6 decimals; default 10. */
  size?: string;
  /** Null omits the field. */
  transactionHash?: string | null;
  /** Null omits the field. */
  feeRateBps?: string | null;
  /** Milliseconds since the epoch, as a string; default now. */
  timestamp?: string;
};

/** The names of a market; tokens in the order of the outcomes. */
export type MarketReference = { gammaId: string; conditionId: string; slug: string; tokenIds: [string, string] };

/** A closed market; `winner` is the index of an outcome. */
export type ClosedMarket = MarketReference & { winner: 0 | 1 };

/** The state of the venue, with counts since its start. */
export type VenueStatus = {
  seed: string;
  trading: boolean;
  urls: VenueUrls;
  markets: { open: number; closed: number };
  /** `subscribed`: in tokens whose book had been sent to somebody. `givenUp`: skipped because the machine was too slow. */
  trades: { executed: number; subscribed: number; givenUp: number };
  /** Number of market-maker actions. */
  quotes: number;
  events: EventCounts;
  framesSent: number;
  bytesSent: number;
  socketsConnected: number;
  socketsEnded: SocketEndings;
  limits: ChannelLimits;
  /**
   * Open sockets. `tokens`: subscribed tokens. `served`: those that are served, fewer beyond `booksPerSocketMax`. `stalled`:
   * only PONG goes out. `bufferedBytes`: bytes that the client has not read yet.
   */
  sockets: {
    number: number;
    connectedAtMs: number;
    tokens: number;
    served: number;
    flagged: boolean;
    stalled: boolean;
    framesSent: number;
    bytesSent: number;
    bufferedBytes: number;
  }[];
  /** Bad answers given on request; books in answers of the CLOB, and how many of them had a wrong hash. */
  rest: { badAnswers: number; books: number; wrongHashes: number };
  ledger: { path: string | null; failure: string | null };
};
