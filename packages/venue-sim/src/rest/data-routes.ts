import type { MarketRegistry } from '../catalogue/market-registry.ts';
import { MICRO_PER_SHARE } from '../catalogue/share-size.ts';
import type { TakerOrder, TakerOrderLog } from '../exchange/taker-order-log.ts';
import { HttpProblem, type Route } from './http-routes.ts';
import { resolutionRow } from './resolution-row.ts';

export type DataRoutesOptions = {
  registry: MarketRegistry;
  takerOrders: TakerOrderLog;
  /** The Data API's lag behind the market channel. */
  lagMs: number;
  clock: () => number;
};

/** The Data API, version 2: taker orders (one row per transaction and token, newest first) and resolutions. */
export function dataRoutes(options: DataRoutesOptions): Route[] {
  let resolutionAnswers = 0;
  return [
    { method: 'GET', path: /^\/v2\/trades$/, answer: ({ query }) => ({ json: tradesPage(query, options) }) },
    {
      method: 'GET',
      path: /^\/v2\/resolutions$/,
      answer: ({ query }) => {
        const rows = resolutionRows(query, options);
        resolutionAnswers += 1;
        // The real venue was observed to use both envelopes.
        return { json: resolutionAnswers % BARE_ONE_IN === 0 ? rows : { data: rows } };
      },
    },
    {
      method: 'GET',
      path: /^\/v2\/status$/,
      answer: () => ({
        json: {
          data: {
            computed_at: new Date(options.clock()).toISOString(),
            serving: {
              lag_seconds: options.lagMs / 1_000,
              watermark: Math.floor((options.clock() - options.lagMs) / 1_000),
            },
          },
        },
      }),
    },
  ];
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const CONDITIONS_MAX = 20;
/** One in this many answers of `/v2/resolutions` is a bare list. */
const BARE_ONE_IN = 4;
/** Rows with fewer shares are omitted; a minimum of 0 means the same. */
const DUST_SHARES = 0.01;

function tradesPage(query: URLSearchParams, { takerOrders, lagMs, clock }: DataRoutesOptions): unknown {
  if (query.has('offset')) throw invalid('offset', 'offset is not supported; use cursor');
  const limit = integer(query, 'limit', { fallback: LIMIT_DEFAULT, max: LIMIT_MAX });
  const conditions = conditionsOf(query);
  if (query.get('taker_only') === 'false') throw invalid('taker_only', "makers' rows are not simulated");
  const side = query.get('side')?.toUpperCase() ?? null;
  const cursor = query.get('cursor');
  const before = cursor === null || cursor === '' ? null : readCursor(cursor);
  const visibleUntilMs = clock() - lagMs;
  const rows: unknown[] = [];
  let last: number | null = null;
  let hasMore = false;
  for (const { sequence, order } of takerOrders.newestFirst(before)) {
    if (order.atMs > visibleUntilMs || sharesOf(order) < DUST_SHARES) continue;
    if (side !== null && order.side !== side) continue;
    if (conditions.size > 0 && !conditions.has(order.token.market.conditionId)) continue;
    if (rows.length === limit) {
      hasMore = true;
      break;
    }
    rows.push(tradeRow(order));
    last = sequence;
  }
  return {
    data: rows,
    pagination: {
      limit,
      offset: 0,
      has_more: hasMore,
      next_cursor: hasMore && last !== null ? writeCursor(last) : null,
    },
  };
}

/** The state of `lagMs` ago. Omits unknown conditions. */
function resolutionRows(query: URLSearchParams, { registry, lagMs, clock }: DataRoutesOptions): unknown[] {
  const conditions = conditionsOf(query);
  if (conditions.size === 0) throw invalid('condition', 'condition is required');
  return [...conditions]
    .map((conditionId) => registry.byCondition(conditionId))
    .filter((market) => market !== undefined)
    .map((market) => resolutionRow(market, clock() - lagMs));
}

function conditionsOf(query: URLSearchParams): Set<string> {
  const conditions = new Set(
    query
      .getAll('condition')
      .flatMap((ids) => ids.split(','))
      .filter((id) => id !== ''),
  );
  if (conditions.size > CONDITIONS_MAX) throw invalid('condition', `at most ${CONDITIONS_MAX} conditions`);
  return conditions;
}

function tradeRow(order: TakerOrder): Record<string, unknown> {
  const { token, side, atMs, transactionHash } = order;
  const { market } = token;
  const shares = sharesOf(order);
  const notional = order.fills.reduce((sum, fill) => sum + fill.price * (fill.sizeMicro / MICRO_PER_SHARE), 0);
  return {
    proxy_wallet: `0x${transactionHash.slice(2, 42)}`,
    side,
    token_id: token.tokenId,
    condition_id: market.conditionId,
    size: shares,
    price: notional / shares,
    // Time of the block: whole seconds, a few after the match.
    timestamp: Math.floor(atMs / 1_000) + BLOCK_DELAY_SECONDS,
    title: market.question,
    slug: market.slug,
    icon: '',
    event_slug: market.event.slug,
    outcome: token.outcome,
    outcome_index: token.outcomeIndex,
    name: '',
    pseudonym: '',
    bio: '',
    profile_image: '',
    profile_image_optimized: '',
    transaction_hash: transactionHash,
  };
}

const BLOCK_DELAY_SECONDS = 2;

function sharesOf(order: TakerOrder): number {
  return order.fills.reduce((sum, fill) => sum + fill.sizeMicro, 0) / MICRO_PER_SHARE;
}

function integer(query: URLSearchParams, name: string, { fallback, max }: { fallback: number; max: number }): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) throw invalid(name, `${name} must be 1 to ${max}`);
  return value;
}

function writeCursor(sequence: number): string {
  return Buffer.from(`trade:${sequence}`).toString('base64url');
}

function readCursor(cursor: string): number {
  const match = /^trade:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (match === null) throw invalid('cursor', 'not a cursor of this feed');
  return Number(match[1]);
}

function invalid(parameter: string, error: string): HttpProblem {
  return new HttpProblem(400, { error, code: 'invalid_request', retryable: false, trace_id: 'venue-sim', parameter });
}
