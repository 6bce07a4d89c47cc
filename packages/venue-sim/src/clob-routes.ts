import { HttpProblem, type Route } from './http-routes.ts';
import { bookSummary } from './market-frames.ts';
import type { MarketRegistry } from './market-registry.ts';
import type { SimMarket, SimToken } from './sim-market.ts';

/** The CLOB's public reads: books, one and many, time and health. */
export function clobRoutes(
  registry: MarketRegistry,
  { prepareBook, clock }: { prepareBook: (market: SimMarket) => void; clock: () => number },
): Route[] {
  function withBook(tokenId: unknown): SimToken | null {
    const token = typeof tokenId === 'string' ? registry.token(tokenId) : undefined;
    if (token === undefined || token.market.closed !== null) return null;
    prepareBook(token.market);
    return token;
  }
  function summary(token: SimToken): string {
    return bookSummary(token, String(token.market.lastTrade?.atMs ?? clock()));
  }

  return [
    {
      method: 'GET',
      path: /^\/book$/,
      answer: ({ query }) => {
        const tokenId = query.get('token_id');
        if (tokenId === null) throw new HttpProblem(400, { error: 'Invalid token id' });
        const token = withBook(tokenId);
        if (token === null) throw new HttpProblem(404, { error: 'No orderbook exists for the requested token id' });
        return { jsonText: summary(token) };
      },
    },
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
    { method: 'GET', path: /^\/time$/, answer: () => ({ jsonText: String(Math.floor(clock() / 1_000)) }) },
    { method: 'GET', path: /^\/ok$/, answer: () => ({ json: 'OK' }) },
  ];
}

/** Past some 500 ids the venue was seen to refuse. */
const BOOKS_MAX = 500;
