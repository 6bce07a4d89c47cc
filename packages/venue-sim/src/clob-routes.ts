import { HttpProblem, type Route } from './http-routes.ts';
import { bestPrices, bookSummary, bookTimestamp } from './market-frames.ts';
import type { MarketRegistry } from './market-registry.ts';
import type { SimMarket, SimToken } from './sim-market.ts';

export type ClobRoutesOptions = {
  registry: MarketRegistry;
  /** Called before a book is shown, so that an untouched market has one. */
  prepareBook: (market: SimMarket) => void;
  clock: () => number;
};

/** The CLOB's public reads: books, one and many, best prices, time and health. */
export function clobRoutes({ registry, prepareBook, clock }: ClobRoutesOptions): Route[] {
  function withBook(tokenId: unknown): SimToken | null {
    const token = typeof tokenId === 'string' ? registry.token(tokenId) : undefined;
    if (token === undefined || token.market.closed !== null) return null;
    prepareBook(token.market);
    return token;
  }
  function found(query: URLSearchParams): SimToken {
    const tokenId = query.get('token_id');
    if (tokenId === null) throw new HttpProblem(400, { error: 'Invalid token id' });
    const token = withBook(tokenId);
    if (token === null) throw new HttpProblem(404, { error: 'No orderbook exists for the requested token id' });
    return token;
  }
  function quoted(query: URLSearchParams): { bid: string; ask: string } {
    const token = found(query);
    return bestPrices(token.market.book, token);
  }
  function summary(token: SimToken): string {
    return bookSummary(token, bookTimestamp(token.market));
  }

  return [
    { method: 'GET', path: /^\/book$/, answer: ({ query }) => ({ jsonText: summary(found(query)) }) },
    {
      method: 'POST',
      path: /^\/books$/,
      answer: async ({ body }) => {
        const wanted = await body();
        if (!Array.isArray(wanted)) throw new HttpProblem(400, { error: 'Invalid payload' });
        if (wanted.length > BOOKS_MAX) throw new HttpProblem(400, { error: 'Payload exceeds the limit' });
        // Unknown ids are silently missing.
        const tokens = wanted.map((item) => withBook((item as { token_id?: unknown } | null)?.token_id));
        return {
          jsonText: `[${tokens
            .filter((token) => token !== null)
            .map(summary)
            .join(',')}]`,
        };
      },
    },
    {
      method: 'GET',
      path: /^\/price$/,
      answer: ({ query }) => {
        const { bid, ask } = quoted(query);
        // The side is that of the resting order: BUY answers the best bid.
        const price = { BUY: bid, SELL: ask }[query.get('side')?.toUpperCase() ?? ''];
        if (price === undefined) throw new HttpProblem(400, { error: 'Invalid side' });
        return { json: { price: price === '' ? '0' : price } };
      },
    },
    {
      method: 'GET',
      path: /^\/midpoint$/,
      answer: ({ query }) => {
        const { bid, ask } = quoted(query);
        return { json: { mid: String(Number(((Number(bid) + Number(ask === '' ? 1 : ask)) / 2).toFixed(5))) } };
      },
    },
    { method: 'GET', path: /^\/time$/, answer: () => ({ jsonText: String(Math.floor(clock() / 1_000)) }) },
    { method: 'GET', path: /^\/ok$/, answer: () => ({ json: 'OK' }) },
  ];
}

/** Past some 500 ids the venue was seen to refuse. */
const BOOKS_MAX = 500;
