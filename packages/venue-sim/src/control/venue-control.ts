import type { ChannelLimits } from '../channel/channel-limits.ts';
import type { SocketEndings } from '../channel/market-channel.ts';
import type { EventCounts } from '../channel/market-feed.ts';
import type { Side } from '../exchange/order-book.ts';
import type { TruthTrade } from '../exchange/truth-trade.ts';
import type { RestFaults } from '../rest/rest-faults.ts';
import type { MarketLifeControl } from './market-life-control.ts';

/** What tests and other processes may do with a venue; `VenueSim` does it, `/sim/` offers it over HTTP. */
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

/** Where the venue's interfaces are; no trailing slash. */
export type VenueUrls = { ws: string; gamma: string; clob: string; data: string; sim: string };

/** All sockets, one by its number, or those that listen to a token. */
export type SendTarget = 'all' | number | string;

/**
 * Which sockets go silently dead: one by its number or all that are open, and whether those that connect later are
 * dead from their beginning. All open ones where nothing is said; none of them where only `newSockets` is.
 */
export type Stall = { socket?: number | 'all'; newSockets?: boolean };

/** A trade to execute now; what is not given is chosen. */
export type TradeRequest = {
  /** Default: a random token whose book somebody has, or any when nobody has one. */
  tokenId?: string;
  side?: Side;
  /** On the market's tick; default: the best price, or a fair one where that side is empty. */
  price?: string;
  /** Shares, up to 6 decimals; default 10. */
  size?: string;
  /** Null sends none. */
  transactionHash?: string | null;
  /** Null sends none. */
  feeRateBps?: string | null;
  /** Milliseconds since the epoch, as a string; default now. */
  timestamp?: string;
};

/** A market as the control interface names it; tokens in the order of the outcomes. */
export type MarketReference = { gammaId: string; conditionId: string; slug: string; tokenIds: [string, string] };

/** The same after closing; `winner` is an outcome's index. */
export type ClosedMarket = MarketReference & { winner: 0 | 1 };

/** What the venue is doing; everything is counted since it started. */
export type VenueStatus = {
  seed: string;
  trading: boolean;
  urls: VenueUrls;
  markets: { open: number; closed: number };
  /** `subscribed`: in tokens whose book somebody had been sent. `givenUp`: due, but the machine was too slow. */
  trades: { executed: number; subscribed: number; givenUp: number };
  /** Market makers' actions. */
  quotes: number;
  events: EventCounts;
  framesSent: number;
  bytesSent: number;
  socketsConnected: number;
  socketsEnded: SocketEndings;
  limits: ChannelLimits;
  /**
   * The open ones. `tokens`: subscribed to; `served`: those of them that get anything, which are fewer past
   * `booksPerSocketMax`. `stalled`: nothing but PONG goes out. `bufferedBytes`: what the client has not taken yet.
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
  /** Bad answers given on request; books in the CLOB's answers, and those of them with a wrong hash. */
  rest: { badAnswers: number; books: number; wrongHashes: number };
  ledger: { path: string | null; failure: string | null };
};
