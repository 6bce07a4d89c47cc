import type { TickSize } from './price-grid.ts';

/** An event as a person would read it, before it gets ids. */
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
  /** What outcome 0 is worth, in (0, 1). */
  fair: number;
  tickSize: TickSize;
};
