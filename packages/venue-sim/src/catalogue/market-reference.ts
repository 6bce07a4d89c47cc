import type { MarketReference } from '../control/venue-control.ts';
import type { SimMarket } from './sim-market.ts';

/** A market as the control interface names it. */
export function marketReference(market: SimMarket): MarketReference {
  const [first, second] = market.tokens;
  return {
    gammaId: market.gammaId,
    conditionId: market.conditionId,
    slug: market.slug,
    tokenIds: [first.tokenId, second.tokenId],
  };
}
