import type { LifeStep, Pair } from '../exchange/market-life.ts';
import type { OrderBook, Side } from '../exchange/order-book.ts';
import type { TickSize } from './price-grid.ts';

/** An event with one or several markets, such as a match or an election. */
export type SimEvent = {
  /** Gamma's id, a decimal string. */
  id: string;
  slug: string;
  title: string;
  description: string;
  category: string;
  tags: string[];
  negRisk: boolean;
  /** `0x` and 64 hex digits, shared by all markets of a neg-risk event. */
  negRiskMarketId: string;
  /** Gamma's `feeType`; null if the event's markets charge no fee. */
  feeType: string | null;
  startAtMs: number;
  endAtMs: number;
};

/** The token of an outcome. */
export type SimToken = {
  tokenId: string;
  outcome: string;
  outcomeIndex: 0 | 1;
  market: SimMarket;
};

/**
 * A market. It trades until it is closed; `steps` lists what happens then (`Standing` describes the order). Only `book`,
 * `bookChangedAtMs`, `fairTick`, `lastTrade`, `volumeMicro`, `closed` and `steps` change after its creation.
 */
export type SimMarket = {
  /** Gamma's id, a decimal string; increases with each market. */
  gammaId: string;
  conditionId: string;
  questionId: string;
  question: string;
  slug: string;
  groupItemTitle: string;
  /** Position system: `v1` has its ids in clobTokenIds, `v2` in positionIds. */
  protocol: 'v1' | 'v2';
  /** Ids of the system that this market does not use, which Gamma often lists beside the right ones. */
  otherIds: [string, string] | null;
  tokens: [SimToken, SimToken];
  event: SimEvent;
  /** The initial tick size; that of the book may have become finer. */
  tickSize: TickSize;
  /** The taker's fee in basis points, as in trade events. */
  feeRateBps: string;
  /** Share of the venue's activity, relative to the other markets. */
  weight: number;
  /** A random number in [0, 1) per market, for figures that only need to look real. */
  flavour: number;
  createdAtMs: number;
  endAtMs: number;
  book: OrderBook;
  /** Time of the last change of a level; null while the book is in its initial state. */
  bookChangedAtMs: number | null;
  /** Fair price of outcome 0 according to the market makers, in ticks of the book. */
  fairTick: number;
  /** Prices of both tokens, with the taker's side in terms of outcome 0; null before the first trade. */
  lastTrade: { price: string; mirrorPrice: string; side: Side; atMs: number } | null;
  /** Volume since the venue started: price times size, in millionths of the collateral. */
  volumeMicro: number;
  /** Null while it trades; `marks` are the last prices. */
  closed: { atMs: number; marks: Pair } | null;
  /** Everything that happened to it after its opening, oldest first. */
  steps: LifeStep[];
};
