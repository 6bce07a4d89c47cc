import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket, SimToken } from '../catalogue/sim-market.ts';
import { bestPrices, bookSummary, bookTimestamp } from '../channel/market-frames.ts';
import { clobMarket } from './clob-market.ts';
import { HttpProblem, type Route, type RouteRequest } from './http-routes.ts';
import type { RestFaults } from './rest-faults.ts';

export type ClobRoutesOptions = {
  registry: MarketRegistry;
  /** Called before a book is served, because a market without trades has none yet. */
  prepareBook: (market: SimMarket) => void;
  faults: Pick<RestFaults, 'maySpoil'>;
  clock: () => number;
};

/** The CLOB's public routes: books, prices, midpoints, spreads and last trades of one or many tokens; markets, time and health. */
export function clobRoutes({ registry, prepareBook, faults, clock }: ClobRoutesOptions): Route[] {
  function withBook(tokenId: string): SimToken | null {
    const token = registry.token(tokenId);
    if (token === undefined || token.market.closed !== null) return null;
    prepareBook(token.market);
    return token;
  }
  function summary(token: SimToken): string {
    return faults.maySpoil(bookSummary(token, bookTimestamp(token.market)));
  }
  function one(
    path: RegExp,
    answer: (token: SimToken, query: URLSearchParams) => { json: unknown } | { jsonText: string },
  ): Route {
    return {
      method: 'GET',
      path,
      answer: ({ query }) => {
        const tokenId = query.get('token_id');
        if (tokenId === null) throw new HttpProblem(400, { error: 'Invalid token id' });
        const token = withBook(tokenId);
        if (token === null) throw new HttpProblem(404, { error: 'No orderbook exists for the requested token id' });
        return answer(token, query);
      },
    };
  }
  /** A POST with a list of `{token_id, side}`, or a GET with `token_ids` and `sides`. Omits unknown ids. */
  function many(path: RegExp, answer: (wanted: Wanted[]) => { json: unknown } | { jsonText: string }): Route[] {
    return [
      { method: 'POST', path, answer: async (request) => answer(wantedOf(await request.body())) },
      { method: 'GET', path, answer: (request) => answer(wantedInQuery(request)) },
    ];
  }
  /** One value for each token that has a book, by token id. */
  function byToken(wanted: readonly Wanted[], value: (token: SimToken) => unknown): { json: unknown } {
    const tokens = wanted.map(({ tokenId }) => withBook(tokenId)).filter((token) => token !== null);
    return { json: Object.fromEntries(tokens.map((token) => [token.tokenId, value(token)])) };
  }
  function prices(wanted: readonly Wanted[]): { json: unknown } {
    const found: Record<string, Record<string, string>> = {};
    for (const { tokenId, side } of wanted) {
      const token = withBook(tokenId);
      if (token === null) continue;
      const { BUY, SELL } = quotes(token);
      found[tokenId] = { ...found[tokenId], ...(side === 'SELL' ? {} : { BUY }), ...(side === 'BUY' ? {} : { SELL }) };
    }
    return { json: found };
  }

  return [
    one(/^\/book$/, (token) => ({ jsonText: summary(token) })),
    ...many(/^\/books$/, (wanted) => {
      const tokens = wanted.map(({ tokenId }) => withBook(tokenId)).filter((token) => token !== null);
      return { jsonText: `[${tokens.map(summary).join(',')}]` };
    }),
    one(/^\/price$/, (token, query) => {
      const price = quotes(token)[query.get('side')?.toUpperCase() ?? ''];
      if (price === undefined) throw new HttpProblem(400, { error: 'Invalid side' });
      return { json: { price } };
    }),
    ...many(/^\/prices$/, prices),
    one(/^\/midpoint$/, (token) => ({ json: { mid: midpoint(token) } })),
    ...many(/^\/midpoints$/, (wanted) => byToken(wanted, midpoint)),
    one(/^\/spread$/, (token) => ({ json: { spread: spread(token) } })),
    ...many(/^\/spreads$/, (wanted) => byToken(wanted, spread)),
    {
      method: 'GET',
      path: /^\/last-trade-price$/,
      answer: ({ query }) => {
        const token = registry.token(query.get('token_id') ?? '');
        if (token === undefined)
          throw new HttpProblem(404, { error: 'No orderbook exists for the requested token id' });
        return { json: lastTrade(token) };
      },
    },
    ...many(/^\/last-trades-prices$/, (wanted) => {
      const tokens = wanted.map(({ tokenId }) => registry.token(tokenId)).filter((token) => token !== undefined);
      return { json: tokens.map((token) => ({ token_id: token.tokenId, ...lastTrade(token) })) };
    }),
    {
      method: 'GET',
      path: /^\/markets\/(0x[0-9a-f]+)$/,
      answer: ({ parameters }) => {
        const market = registry.byCondition(parameters[0] ?? '');
        if (market === undefined) throw new HttpProblem(404, { error: 'market not found' });
        return { json: clobMarket(market) };
      },
    },
    { method: 'GET', path: /^\/time$/, answer: () => ({ jsonText: String(Math.floor(clock() / 1_000)) }) },
    { method: 'GET', path: /^\/ok$/, answer: () => ({ json: 'OK' }) },
  ];
}

type Wanted = { tokenId: string; side: 'BUY' | 'SELL' | null };

/** The real venue was observed to refuse more than about 500 ids. */
const WANTED_MAX = 500;

function wantedOf(body: unknown): Wanted[] {
  if (!Array.isArray(body)) throw new HttpProblem(400, { error: 'Invalid payload' });
  if (body.length > WANTED_MAX) throw new HttpProblem(400, { error: 'Payload exceeds the limit' });
  return body.map((item) => {
    const { token_id: tokenId, side } = (item ?? {}) as { token_id?: unknown; side?: unknown };
    return { tokenId: String(tokenId), side: sideOf(side) };
  });
}

function wantedInQuery({ query }: RouteRequest): Wanted[] {
  const sides = query.get('sides')?.split(',') ?? [];
  const ids = query.get('token_ids')?.split(',') ?? [];
  return wantedOf(ids.map((token_id, index) => ({ token_id, side: sides[index] })));
}

function sideOf(side: unknown): Wanted['side'] {
  const text = typeof side === 'string' ? side.toUpperCase() : null;
  return text === 'BUY' || text === 'SELL' ? text : null;
}

/** The side is that of the resting order: BUY is the best bid. An empty side has price 0. */
function quotes(token: SimToken): Record<string, string> {
  const { bid, ask } = bestPrices(token.market.book, token);
  return { BUY: bid === '' ? '0' : bid, SELL: ask === '' ? '0' : ask };
}

function midpoint(token: SimToken): string {
  const { bid, ask } = bestPrices(token.market.book, token);
  return String(Number(((Number(bid) + Number(ask === '' ? 1 : ask)) / 2).toFixed(5)));
}

function spread(token: SimToken): string {
  const { bid, ask } = bestPrices(token.market.book, token);
  return String(Number((Number(ask === '' ? 1 : ask) - Number(bid)).toFixed(5)));
}

/** The venue reports 0.5 and no side for a token without trades. */
function lastTrade({ market, outcomeIndex }: SimToken): { price: string; side: string } {
  const last = market.lastTrade;
  if (last === null) return { price: '0.5', side: '' };
  if (outcomeIndex === 0) return { price: last.price, side: last.side };
  return { price: last.mirrorPrice, side: last.side === 'BUY' ? 'SELL' : 'BUY' };
}
