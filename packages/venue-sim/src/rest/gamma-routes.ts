import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import type { GammaFigureCache } from './gamma-figures.ts';
import {
  flag,
  invalidQuery,
  type Listed,
  readCursor,
  readListingQuery,
  selectListed,
  writeCursor,
} from './gamma-listing.ts';
import { type DocumentSpelling, gammaMarket } from './gamma-market.ts';
import { HttpProblem, type Route, type RouteRequest } from './http-routes.ts';
import type { OddMarket } from './odd-markets.ts';

export type GammaRoutesOptions = {
  registry: MarketRegistry;
  odd: readonly OddMarket[];
  figures: GammaFigureCache;
  /** Share of the markets with another spelling: lists that are not JSON text, names in snake_case. */
  oddSpellingShare: number;
  /** A new market is listed up to this late. */
  gammaLagMs: number;
  clock: () => number;
};

/** Gamma: single market documents, keyset pages, and the former pages by offset. */
export function gammaRoutes({
  registry,
  odd,
  figures,
  oddSpellingShare,
  gammaLagMs,
  clock,
}: GammaRoutesOptions): Route[] {
  const oddOnes = odd.map(({ gammaId, document }): Listed => ({ gammaId: Number(gammaId), market: null, document }));
  let kept: { revision: number; listed: Listed[]; late: boolean } = { revision: -1, listed: [], late: false };

  /** All entries in order of id; rebuilt after a market opened or left, and while some are not listed yet. */
  function listed(): Listed[] {
    const { revision } = registry;
    if (kept.revision !== revision || kept.late) {
      const all = registry.all();
      const markets = all
        .filter(isListed)
        .map((market): Listed => ({ gammaId: Number(market.gammaId), market, document: null }));
      const inOrder = [...markets, ...oddOnes].sort((a, b) => a.gammaId - b.gammaId);
      kept = { revision, listed: inOrder, late: markets.length < all.length };
    }
    return kept.listed;
  }
  function isListed({ createdAtMs, flavour }: SimMarket): boolean {
    return clock() >= createdAtMs + Math.floor(flavour * gammaLagMs);
  }
  function shown({ market, document }: Omit<Listed, 'gammaId'>, includeTag: boolean): Record<string, unknown> {
    if (market === null) return document ?? {};
    const spelling = spellingOf(market, oddSpellingShare);
    return gammaMarket(market, { includeTag, figures: figures.of(market), spelling });
  }
  function single(market: SimMarket | undefined, { query }: RouteRequest): { json: unknown } {
    if (market === undefined || !isListed(market))
      throw new HttpProblem(404, { type: 'not found error', error: 'id not found' });
    return { json: shown({ market, document: null }, flag(query, 'include_tag') ?? false) };
  }

  /** Only a full page has a `next_cursor`, so a listing of exactly full pages ends with an empty page. */
  function keysetPage(query: URLSearchParams): { json: unknown } {
    if (query.has('offset')) throw invalidQuery('offset is not supported here; use after_cursor');
    const wanted = readListingQuery(query);
    const page = selectListed(listed(), wanted, readCursor(query.get('after_cursor'), wanted));
    const last = page.at(-1);
    return {
      json: {
        markets: page.map((entry) => shown(entry, wanted.includeTag)),
        ...(page.length === wanted.limit && last !== undefined ? { next_cursor: writeCursor(last, wanted) } : {}),
      },
    };
  }

  function offsetPage(query: URLSearchParams): { json: unknown } {
    const wanted = readListingQuery(query);
    const offset = Number(query.get('offset') ?? 0);
    if (!Number.isInteger(offset) || offset < 0) throw invalidQuery('offset must be a whole number');
    const page = selectListed(listed(), { ...wanted, limit: offset + wanted.limit }, null).slice(offset);
    return { json: page.map((entry) => shown(entry, wanted.includeTag)) };
  }

  return [
    { method: 'GET', path: /^\/markets\/keyset$/, answer: ({ query }) => keysetPage(query) },
    { method: 'GET', path: /^\/markets$/, answer: ({ query }) => offsetPage(query) },
    {
      method: 'GET',
      path: /^\/markets\/slug\/([^/]+)$/,
      answer: (request) => single(registry.bySlug(request.parameters[0] ?? ''), request),
    },
    {
      method: 'GET',
      path: /^\/markets\/(\d+)$/,
      answer: (request) => single(registry.byGammaId(request.parameters[0] ?? ''), request),
    },
  ];
}

/** Constant for a market. Of the markets with another spelling a third differ in lists, a third in names, a third in both. */
function spellingOf(market: SimMarket, oddShare: number): DocumentSpelling {
  // Uses digits of the market's random number that nothing else uses.
  const chance = (market.flavour * 7_919) % 1;
  if (chance >= oddShare) return { lists: 'text', names: 'camel' };
  const kind = Math.floor((chance / oddShare) * 3);
  return { lists: kind === 1 ? 'text' : 'native', names: kind === 0 ? 'camel' : 'snake' };
}
