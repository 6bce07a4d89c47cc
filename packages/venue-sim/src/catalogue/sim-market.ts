import type { LifeStep, Pair } from '../exchange/market-life.ts';
import type { OrderBook, Side } from '../exchange/order-book.ts';
import type { TickSize } from './price-grid.ts';

/** The event that one or several markets belong to, such as a match or an election. */
export type SimEvent = {
  /** Gamma's id, a decimal string. */
  id: string;
  slug: string;
  title: string;
  description: string;
  category: string;
  tags: string[];
  negRisk: boolean;
  /** `0x` and 64 hex digits, shared by the markets of a neg-risk event. */
  negRiskMarketId: string;
  /** Gamma's `feeType`; null means that the event's markets charge none. */
  feeType: string | null;
  startAtMs: number;
  endAtMs: number;
};

/** One outcome's token. */
export type SimToken = {
  tokenId: string;
  outcome: string;
  outcomeIndex: 0 | 1;
  market: SimMarket;
};

/**
 * A market that trades, until it is closed; what comes then is told by its steps (`Standing` says in which order).
 * Everything but `book`, `bookChangedAtMs`, `fairTick`, `lastTrade`, `volumeMicro`, `closed` and `steps` stays as it was created.
 */
export type SimMarket = {
  /** Gamma's id, a decimal string; grows with each market. */
  gammaId: string;
  conditionId: string;
  questionId: string;
  question: string;
  slug: string;
  groupItemTitle: string;
  /** Position system: `v1` ids stand in clobTokenIds, `v2` ids in positionIds. */
  protocol: 'v1' | 'v2';
  /** The ids of the system that this market does not use, which Gamma often sends beside the right ones. */
  otherIds: [string, string] | null;
  tokens: [SimToken, SimToken];
  event: SimEvent;
  /** The tick size that the market was created with; the book's own may be finer by now. */
  tickSize: TickSize;
  /** Taker's fee in basis points as trades say it. */
  feeRateBps: string;
  /** Share of the venue's activity, relative to the other markets. */
  weight: number;
  /** A random number of the market's own, in [0, 1), for figures that only need to look real. */
  flavour: number;
  createdAtMs: number;
  endAtMs: number;
  book: OrderBook;
  /** When a level last changed; null while the book is as it was seeded. */
  bookChangedAtMs: number | null;
  /** What market makers think outcome 0 is worth, in ticks of the book. */
  fairTick: number;
  /** Price of outcome 0's token and of the other, with the taker's side as outcome 0 sees it; null before the first trade. */
  lastTrade: { price: string; mirrorPrice: string; side: Side; atMs: number } | null;
  /** Traded since the venue started: price times size, in millionths of the collateral. */
  volumeMicro: number;
  /** Null while it trades; `marks` are the last prices. */
  closed: { atMs: number; marks: Pair } | null;
  /** What happened to it after its opening, oldest first. */
  steps: LifeStep[];
};
