import { type DataResolution, type GammaMarket, inferWinner } from '@polytape/polymarket';
import { isPlausibleTime, type LifecycleEvent, type Market } from '@polytape/types';
import type { ResolutionObservation } from './next-resolution.ts';

/** What Gamma says of a market's resolution, against the document that is known of it; null when it says nothing of it. */
export function gammaObservation(
  market: GammaMarket,
  known: Pick<Market, 'closed' | 'closedAtMs' | 'resolution'> | null,
  nowMs: number,
): ResolutionObservation | null {
  const { conditionId, settlement: told } = market;
  const settlement = inferWinner(told, tokenIdsOf(market));
  const observed = { conditionId, method: 'gamma', seenAtMs: nowMs, evidence: told.raw } as const;
  const rest = { settlement: null, exchangeAtMs: null };
  // How it was settled since then, the next answer tells.
  if (known !== null && wasReopened(market, known)) return { ...observed, ...rest, state: 'reopened' };
  if (settlement !== null) {
    return {
      ...observed,
      state: 'resolved',
      settlement,
      exchangeAtMs: firstPlausible(told.umaEndAtMs, told.closedAtMs),
    };
  }
  const status = told.umaResolutionStatus;
  return status === 'proposed' || status === 'disputed' ? { ...observed, ...rest, state: status } : null;
}

/**
 * What the Data API's rows of one market say; null when they say nothing of its resolution. Of rows in several grains the
 * one with payouts counts, then one that is resolved, then the latest: two that differ must not take turns, in whatever
 * order they come.
 */
export function dataObservation(
  rows: readonly DataResolution[],
  market: Pick<Market, 'conditionId' | 'tokens'>,
  nowMs: number,
): ResolutionObservation | null {
  const row = rows.toSorted(byWeight).at(0);
  if (row === undefined) return null;
  const { conditionId } = market;
  const observed = { conditionId, method: 'data_api', seenAtMs: nowMs, evidence: row.raw } as const;
  const settlement = inferWinner(row, tokenIdsOf(market));
  if (settlement !== null) {
    return {
      ...observed,
      state: 'resolved',
      settlement,
      exchangeAtMs: firstPlausible(row.resolvedAtMs, row.updatedAtMs),
    };
  }
  const state = STATES[row.status];
  return state === undefined
    ? null
    : { ...observed, state, settlement: null, exchangeAtMs: firstPlausible(row.updatedAtMs) };
}

/** The row that counts first. Of rows with one time the state that is further on, and then one for good. */
function byWeight(a: DataResolution, b: DataResolution): number {
  const grain = ({ status, payouts }: DataResolution) => (status !== 'resolved' ? 0 : payouts === null ? 1 : 2);
  const order = [
    grain(b) - grain(a),
    (b.updatedAtMs ?? 0) - (a.updatedAtMs ?? 0),
    ORDER.indexOf(b.status) - ORDER.indexOf(a.status),
  ];
  const text = ({ status, payouts, price }: DataResolution) => JSON.stringify([status, payouts, price]);
  return order.find((difference) => difference !== 0) ?? (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0);
}

/**
 * What the market channel's `market_resolved` says; null when it names no winner: how a split looks there is not known,
 * and the other sources tell it.
 */
export function channelObservation(
  event: Pick<LifecycleEvent, 'conditionId' | 'winningTokenId' | 'winningOutcome' | 'exchangeAtMs' | 'receivedAtUs'>,
  market: Pick<Market, 'tokens'>,
): ResolutionObservation | null {
  const { conditionId, winningTokenId, winningOutcome, exchangeAtMs, receivedAtUs } = event;
  const settlement = inferWinner({ winningTokenId }, tokenIdsOf(market));
  if (settlement === null) return null;
  return {
    ...{ conditionId, method: 'market_resolved', state: 'resolved', settlement, exchangeAtMs },
    seenAtMs: Math.floor(receivedAtUs / 1_000),
    evidence: { winningTokenId, winningOutcome, timestamp: String(exchangeAtMs) },
  };
}

/** It is open again; or it was open in between, unseen, for it closed after we had seen how it was resolved. */
function wasReopened(
  market: GammaMarket,
  { closed, closedAtMs, resolution }: Pick<Market, 'closed' | 'closedAtMs' | 'resolution'>,
): boolean {
  if (!closed) return false;
  if (!market.closed) return true;
  if (resolution?.state !== 'resolved' || market.closedAtMs === null) return false;
  return market.closedAtMs > Math.max(closedAtMs ?? 0, resolution.seenAtMs);
}

/** A time that cannot be is a slip of the venue's, and as good as none: it must not decide what came after what. */
function firstPlausible(...timesMs: (number | null)[]): number | null {
  return timesMs.find(isPlausibleTime) ?? null;
}

function tokenIdsOf({ tokens }: Pick<Market, 'tokens'>): [string, string] {
  return [tokens[0].tokenId, tokens[1].tokenId];
}

/** The Data API's words for what is not final. The others (`initialized`, `posed`, `active`) say that nothing has happened yet. */
const STATES: Record<string, 'proposed' | 'disputed'> = {
  proposed: 'proposed',
  reproposed: 'proposed',
  challenged: 'disputed',
  disputed: 'disputed',
  arbitration: 'disputed',
};

/** How far a question has come; what is not here comes before all. */
const ORDER = [
  ...['initialized', 'active', 'posed', 'proposed', 'challenged', 'reproposed', 'disputed', 'arbitration'],
  'resolved',
];
