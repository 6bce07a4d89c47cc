import { gammaMarket } from './gamma-market.ts';
import { HttpProblem, type Route, type RouteRequest } from './http-routes.ts';
import type { MarketRegistry } from './market-registry.ts';
import type { OddMarket } from './odd-markets.ts';
import type { SimMarket } from './sim-market.ts';

export type GammaRoutesOptions = {
  registry: MarketRegistry;
  odd: readonly OddMarket[];
  /** Called before a market is shown, so that an untouched one has its book. */
  prepareBook: (market: SimMarket) => void;
};

type Listed = { gammaId: string; closed: boolean; show: (o: { includeTag: boolean }) => Record<string, unknown> };

/** Gamma: market documents, one by one and in keyset pages. */
export function gammaRoutes({ registry, odd, prepareBook }: GammaRoutesOptions): Route[] {
  function shown(market: SimMarket, o: { includeTag: boolean }): Record<string, unknown> {
    prepareBook(market);
    return gammaMarket(market, o);
  }

  /** Everything listed, in the order of ids. */
  function listed(): Listed[] {
    const markets: Listed[] = [...registry.all()].map((market) => ({
      gammaId: market.gammaId,
      closed: market.closed !== null,
      show: (o) => shown(market, o),
    }));
    const oddOnes: Listed[] = odd.map(({ gammaId, document }) => ({ gammaId, closed: false, show: () => document }));
    return [...markets, ...oddOnes].sort((a, b) => Number(a.gammaId) - Number(b.gammaId));
  }

  return [
    { method: 'GET', path: /^\/markets\/keyset$/, answer: ({ query }) => ({ json: keysetPage(listed(), query) }) },
    {
      method: 'GET',
      path: /^\/markets\/slug\/([^/]+)$/,
      answer: (request) => {
        const market = registry.bySlug(request.parameters[0] ?? '');
        if (market === undefined) throw notFound();
        return { json: shown(market, tagged(request)) };
      },
    },
    {
      method: 'GET',
      path: /^\/markets\/(\d+)$/,
      answer: (request) => {
        const market = registry.byGammaId(request.parameters[0] ?? '');
        if (market === undefined) throw notFound();
        return { json: shown(market, tagged(request)) };
      },
    },
  ];
}

const PAGE_SIZE_DEFAULT = 20;
const PAGE_SIZE_MAX = 100;

/** One page after a cursor; `next_cursor` is there only when the page is full. */
function keysetPage(listed: readonly Listed[], query: URLSearchParams): Record<string, unknown> {
  if (query.has('offset')) throw invalid('offset is not supported here; use after_cursor');
  const limit = limitOf(query);
  const after = readCursor(query.get('after_cursor'));
  const closed = flag(query, 'closed') ?? false;
  const includeTag = flag(query, 'include_tag') ?? false;
  const page: Listed[] = [];
  for (const market of listed) {
    if (market.closed !== closed || Number(market.gammaId) <= after) continue;
    page.push(market);
    if (page.length === limit) break;
  }
  const last = page.at(-1);
  return {
    markets: page.map((market) => market.show({ includeTag })),
    ...(page.length === limit && last !== undefined ? { next_cursor: writeCursor(last.gammaId) } : {}),
  };
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return PAGE_SIZE_DEFAULT;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw invalid('limit must be a positive integer');
  return Math.min(PAGE_SIZE_MAX, Number(text));
}

function flag(query: URLSearchParams, name: string): boolean | null {
  const text = query.get(name);
  if (text === null) return null;
  if (text !== 'true' && text !== 'false') throw invalid(`${name} must be true or false`);
  return text === 'true';
}

/** Opaque to clients, as the venue's are. */
function writeCursor(gammaId: string): string {
  return Buffer.from(JSON.stringify({ id: gammaId })).toString('base64url');
}

function readCursor(cursor: string | null): number {
  if (cursor === null || cursor === '') return 0;
  try {
    const id = Number((JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as { id?: unknown }).id);
    if (Number.isSafeInteger(id)) return id;
  } catch {
    // Falls through to the same answer as a cursor of the wrong content.
  }
  throw invalid('after_cursor is not a cursor of this listing');
}

function tagged({ query }: RouteRequest): { includeTag: boolean } {
  return { includeTag: flag(query, 'include_tag') ?? false };
}

function invalid(message: string): HttpProblem {
  return new HttpProblem(422, { type: 'validation error', error: message });
}

function notFound(): HttpProblem {
  return new HttpProblem(404, { type: 'not found error', error: 'id not found' });
}
