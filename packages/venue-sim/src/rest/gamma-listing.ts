import type { SimMarket } from '../catalogue/sim-market.ts';
import { standingOf } from '../exchange/market-life.ts';
import { updatedAtMs } from './gamma-figures.ts';
import { HttpProblem } from './http-routes.ts';

/** An entry of Gamma's listing: a market, or an odd document (`market` is null). */
export type Listed = { gammaId: number; market: SimMarket | null; document: Record<string, unknown> | null };

/** Filters, order and size of a page. Cursor and offset are separate because the routes differ in them. */
export type ListingQuery = {
  limit: number;
  filter: (listed: Listed) => boolean;
  order: Order;
  ascending: boolean;
  includeTag: boolean;
};

/** A position in a listing: the sort key of a market, and its id to break ties. */
export type Position = { value: number; gammaId: number };

/**
 * Reads the query of a listing. `closed` defaults to false, as on the venue since April 2026.
 *
 * @throws {HttpProblem} 422: the venue would refuse the query.
 */
export function readListingQuery(query: URLSearchParams): ListingQuery {
  const closed = flag(query, 'closed') ?? false;
  const wanted = IDENTIFIERS.map(([name, idsOf]) => ({ ids: new Set(listOf(query, name)), idsOf }));
  const filters = wanted.filter(({ ids }) => ids.size > 0);
  const order = query.get('order') ?? 'id';
  if (!isOrder(order))
    throw invalidQuery(`order ${order} is not simulated; use one of ${Object.keys(ORDERS).join(', ')}`);
  return {
    limit: limitOf(query),
    filter: ({ market, gammaId }) =>
      (market?.closed != null) === closed &&
      filters.every(({ ids, idsOf }) => idsOf(market, gammaId).some((id) => ids.has(id))),
    order,
    ascending: flag(query, 'ascending') ?? true,
    includeTag: flag(query, 'include_tag') ?? false,
  };
}

/** The first `limit` entries after a position that match the filters, in the requested order. `listed` is in order of id. */
export function selectListed(listed: readonly Listed[], query: ListingQuery, after: Position | null): Listed[] {
  const { filter, order, ascending, limit } = query;
  if (order === 'id' && ascending) return take(listed, firstAfter(listed, after?.gammaId ?? 0), filter, limit);
  const direction = ascending ? 1 : -1;
  const compare = (a: Position, b: Position): number => direction * (a.value - b.value || a.gammaId - b.gammaId);
  // Keeps only the first `limit`, because sorting the whole venue for each page would be slow.
  const best: { entry: Listed; at: Position }[] = [];
  for (const entry of listed) {
    const at = { value: ORDERS[order](entry), gammaId: entry.gammaId };
    const worst = best[limit - 1];
    if (after !== null && compare(at, after) <= 0) continue;
    if ((worst !== undefined && compare(at, worst.at) >= 0) || !filter(entry)) continue;
    let index = best.length;
    for (; index > 0 && compare(at, best[index - 1]?.at ?? at) < 0; index -= 1);
    best.splice(index, 0, { entry, at });
    if (best.length > limit) best.pop();
  }
  return best.map(({ entry }) => entry);
}

/** A cursor is valid only for the order it was made in. */
export function writeCursor(listed: Listed, { order, ascending }: ListingQuery): string {
  return Buffer.from(JSON.stringify([order, ascending, ORDERS[order](listed), listed.gammaId])).toString('base64url');
}

/** @throws {HttpProblem} 422: the cursor does not belong to this listing and order. */
export function readCursor(cursor: string | null, { order, ascending }: ListingQuery): Position | null {
  if (cursor === null || cursor === '') return null;
  try {
    const [itsOrder, itsAscending, value, gammaId] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (itsOrder === order && itsAscending === ascending && Number.isFinite(value) && Number.isFinite(gammaId)) {
      return { value, gammaId };
    }
  } catch {
    // A foreign cursor gets the same answer as one of another order.
  }
  throw invalidQuery('after_cursor is not a cursor of this listing');
}

export function flag(query: URLSearchParams, name: string): boolean | null {
  const text = query.get(name);
  if (text === null) return null;
  if (text !== 'true' && text !== 'false') throw invalidQuery(`${name} must be true or false`);
  return text === 'true';
}

export function invalidQuery(message: string): HttpProblem {
  return new HttpProblem(422, { type: 'validation error', error: message });
}

type Order = keyof typeof ORDERS;

const LIMIT_DEFAULT = 20;
/** The venue's maximum since May 2026; larger requests are reduced to it. */
const LIMIT_MAX = 100;

const ORDERS = {
  id: ({ gammaId }: Listed) => gammaId,
  createdAt: ({ market }: Listed) => market?.createdAtMs ?? 0,
  updatedAt: ({ market }: Listed) => (market === null ? 0 : updatedAtMs(market)),
  endDate: ({ market }: Listed) => market?.endAtMs ?? 0,
  closedTime: ({ market }: Listed) => market?.closed?.atMs ?? 0,
  volumeNum: ({ market }: Listed) => market?.volumeMicro ?? 0,
};

/** Filters by identifier: the parameter and the field it is compared with. Each may be repeated. */
const IDENTIFIERS: [string, (market: SimMarket | null, gammaId: number) => string[]][] = [
  ['id', (_, gammaId) => [String(gammaId)]],
  ['slug', (market) => (market === null ? [] : [market.slug])],
  ['condition_ids', (market) => (market === null ? [] : [market.conditionId])],
  ['question_ids', (market) => (market === null ? [] : [market.questionId])],
  ['clob_token_ids', (market) => tokenIds(market, 'v1')],
  ['position_ids', (market) => tokenIds(market, 'v2')],
  ['uma_resolution_status', (market) => (market === null ? [] : [standingOf(market.steps).phase])],
];

/** A scan of the whole venue requests hundreds of pages, so each page reads only its own part. */
function take(listed: readonly Listed[], from: number, filter: (listed: Listed) => boolean, limit: number): Listed[] {
  const taken: Listed[] = [];
  for (let index = from; index < listed.length && taken.length < limit; index += 1) {
    const entry = listed[index];
    if (entry !== undefined && filter(entry)) taken.push(entry);
  }
  return taken;
}

function firstAfter(listed: readonly Listed[], gammaId: number): number {
  let low = 0;
  let high = listed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((listed[middle]?.gammaId ?? 0) > gammaId) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isOrder(text: string): text is Order {
  return Object.hasOwn(ORDERS, text);
}

function tokenIds(market: SimMarket | null, protocol: 'v1' | 'v2'): string[] {
  if (market === null) return [];
  return market.protocol === protocol ? market.tokens.map((token) => token.tokenId) : (market.otherIds ?? []);
}

function listOf(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).flatMap((ids) => ids.split(','));
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return LIMIT_DEFAULT;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw invalidQuery('limit must be a positive integer');
  return Math.min(LIMIT_MAX, Number(text));
}
