import type { MarketFactory } from '../catalogue/market-factory.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import { gammaFigures } from './gamma-figures.ts';
import { gammaMarket } from './gamma-market.ts';

/** A Gamma document of a market that a recorder cannot record; it never trades. */
export type OddMarket = { gammaId: string; document: Record<string, unknown> };

/**
 * Placeholders and leftovers like those in Gamma's listing. A client must skip them and still read the rest of the page.
 * The kinds take turns.
 */
export function oddMarkets(factory: MarketFactory, count: number): OddMarket[] {
  return Array.from({ length: count }, (_, index) => {
    const market = factory.nextListed();
    const distort = KINDS[index % KINDS.length] as (document: Record<string, unknown>) => Record<string, unknown>;
    return { gammaId: market.gammaId, document: distort(listed(market)) };
  });
}

function listed(market: SimMarket): Record<string, unknown> {
  const spelling = { lists: 'text', names: 'camel' } as const;
  return gammaMarket(market, { includeTag: false, figures: gammaFigures(market), spelling });
}

const KINDS: ((document: Record<string, unknown>) => Record<string, unknown>)[] = [
  // A placeholder: its condition is not prepared yet.
  ({ conditionId, clobTokenIds, positionIds, ...rest }) => ({ ...rest, active: false, acceptingOrders: false }),
  // A market without tokens yet.
  ({ clobTokenIds, positionIds, ...rest }) => ({ ...rest, acceptingOrders: false }),
  // An early market with three outcomes.
  (document) => ({
    ...document,
    version: 'v1',
    outcomes: '["Biden", "Trump", "Other"]',
    outcomePrices: '["0.4", "0.5", "0.1"]',
    clobTokenIds: '["101", "102", "103"]',
  }),
  (document) => ({ ...document, outcomes: null, outcomePrices: null }),
  // An unknown position system.
  (document) => ({ ...document, version: 'v3' }),
  // No position system: its ids must not be used yet.
  ({ version, ...rest }) => ({ ...rest, clobTokenIds: null, positionIds: null }),
  (document) => ({ ...document, conditionId: '' }),
];
