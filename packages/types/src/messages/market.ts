import type { MarketResolution } from './resolution.ts';

/** One side of a market that can be bought and sold: an outcome's share. */
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
 * the epoch, amounts decimal strings; null means that the venue did not say.
 */
export type Market = {
  conditionId: string;
  /** Counts the documents of this market that were published: part of the message id, so that open, closed, open again keeps all three. */
  version: number;
  /** Gamma's own id, a decimal string. */
  gammaId: string;
  question: string;
  slug: string;
  /** Position system that the token ids come from: `v1` conditional tokens, `v2` position manager. */
  protocol: 'v1' | 'v2';
  /** Both tokens, in the order of the venue's outcomes. */
  tokens: [Token, Token];
  event: { id: string; slug: string; title: string } | null;
  /** The market's own title among those of its event. */
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
  /** In collateral, decimal strings. These figures alone make no new document for some hours. */
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

/** What a taker pays: rate * (price * (1 - price)) ** exponent for a share. Decimal strings; null where the venue did not say. */
export type MarketFees = {
  enabled: boolean;
  type: string | null;
  rate: string | null;
  exponent: string | null;
  takerOnly: boolean | null;
  rebateRate: string | null;
};
