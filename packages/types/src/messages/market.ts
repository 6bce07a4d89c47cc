import type { MarketResolution } from './resolution.ts';

/** A tradable share of one outcome of a market. */
export type Token = {
  tokenId: string;
  outcome: string;
  /** Index in the market's outcomes: 0 or 1. */
  outcomeIndex: number;
};

/**
 * A market as the scheduler knows it; the body of a message on `pm.market.<conditionId>`, always the whole document.
 *
 * Source: Gamma, `/markets/keyset`; see the venue's field notes in packages/polymarket. Times are milliseconds since
 * the epoch, amounts decimal strings; null means that the venue gave no value.
 */
export type Market = {
  conditionId: string;
  /** Number of this market's published documents; part of the message id, so that open, closed, open again keeps all three. */
  version: number;
  /** Gamma's own id, a decimal string. */
  gammaId: string;
  question: string;
  slug: string;
  /** Position system of the token ids: `v1` conditional tokens, `v2` position manager. */
  protocol: 'v1' | 'v2';
  /** Both tokens, in the order of the venue's outcomes. */
  tokens: [Token, Token];
  event: { id: string; slug: string; title: string } | null;
  /** The market's title within its event. */
  groupItemTitle: string | null;
  questionId: string | null;
  category: string | null;
  tags: string[];
  active: boolean;
  closed: boolean;
  acceptingOrders: boolean;
  negRisk: boolean;
  /** Decimal string; prices are multiples of it. */
  tickSize: string | null;
  /** Smallest order in shares, decimal string. */
  sizeMin: string | null;
  fees: MarketFees | null;
  /** In collateral, decimal strings. A change of these figures alone makes no new document for some hours. */
  volume: string | null;
  volume24h: string | null;
  liquidity: string | null;
  startAtMs: number | null;
  endAtMs: number | null;
  closedAtMs: number | null;
  resolution: MarketResolution | null;
  /** Our clock when this document was read, milliseconds since the epoch. */
  seenAtMs: number;
};

/** A taker pays rate * (price * (1 - price)) ** exponent for a share. Decimal strings; null when the venue gave none. */
export type MarketFees = {
  enabled: boolean;
  type: string | null;
  rate: string | null;
  exponent: string | null;
  takerOnly: boolean | null;
  rebateRate: string | null;
};
