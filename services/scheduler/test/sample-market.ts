import type { GammaMarket } from '@polytape/polymarket';

/** An open market of Gamma about the weather, with the given fields. Its tokens are `<n>1` and `<n>2`. */
export function sampleMarket(
  conditionId: string,
  o: Partial<Omit<GammaMarket, 'settlement'>> & {
    settlement?: Partial<GammaMarket['settlement']>;
    tokens?: never;
  } = {},
): GammaMarket {
  const { settlement, ...fields } = o;
  const closed = o.closed ?? false;
  const number = Number.parseInt(conditionId.slice(2), 16);
  return {
    conditionId,
    ...{ gammaId: '1', question: 'Will it rain?', slug: 'rain', protocol: 'v1' },
    tokens: [
      { tokenId: `${number}1`, outcome: 'Yes', outcomeIndex: 0 },
      { tokenId: `${number}2`, outcome: 'No', outcomeIndex: 1 },
    ],
    ...{ event: null, groupItemTitle: null, questionId: null, category: null, tags: ['weather'] },
    ...{ active: true, closed, acceptingOrders: !closed, negRisk: false, tickSize: '0.01', sizeMin: '5', fees: null },
    ...{ volume: null, volume24h: null, liquidity: null, startAtMs: null, endAtMs: null, closedAtMs: null },
    ...fields,
    settlement: {
      ...{ closed, closedAtMs: o.closedAtMs ?? null, umaEndAtMs: null, outcomePrices: null, umaResolutionStatus: null },
      ...{ automaticallyResolved: false, marketType: null, raw: {}, askedAtMs: Date.now() },
      ...settlement,
    },
  };
}

/** Gamma's description of a market that was settled with these prices. */
export function settledMarket(conditionId: string, prices: [string, string], closedAtMs: number): GammaMarket {
  const settlement = { umaResolutionStatus: 'resolved', outcomePrices: prices, closedAtMs };
  return sampleMarket(conditionId, {
    ...{ closed: true, closedAtMs },
    settlement: { ...settlement, raw: { umaResolutionStatus: 'resolved', outcomePrices: JSON.stringify(prices) } },
  });
}
