import type { TickSize } from './price-grid.ts';

/** The texts and figures of an event, without ids. */
export type EventDraft = {
  title: string;
  slug: string;
  category: string;
  tags: string[];
  negRisk: boolean;
  feeType: string | null;
  rules: string;
  endAtMs: number;
  markets: MarketDraft[];
};

export type MarketDraft = {
  question: string;
  slug: string;
  groupItemTitle: string;
  outcomes: [string, string];
  /** Fair price of outcome 0, in (0, 1). */
  fair: number;
  tickSize: TickSize;
};
