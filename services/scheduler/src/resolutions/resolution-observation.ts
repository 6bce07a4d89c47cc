import { type DataResolution, type GammaMarket, inferWinner } from '@polytape/polymarket';
import { isPlausibleTime, type LifecycleEvent, type Market } from '@polytape/types';
import type { ResolutionObservation } from './next-resolution.ts';

/** Gamma's view of a market's resolution, compared with the known document; null when it has none. */
export function gammaObservation(
  market: GammaMarket,
  known: Pick<Market, 'closed' | 'closedAtMs' | 'resolution'> | null,
  nowMs: number,
): ResolutionObservation | null {
  const { conditionId, settlement: gamma } = market;
  const settlement = inferWinner(gamma, tokenIdsOf(market));
  const observed = { conditionId, method: 'gamma', seenAtMs: nowMs, evidence: gamma.raw } as const;
  const rest = { settlement: null, exchangeAtMs: null };
  // The next answer has the new settlement.
  if (known !== null && wasReopened(market, known)) return { ...observed, ...rest, state: 'reopened' };
  if (settlement !== null) {
    return {
      ...observed,
      state: 'resolved',
      settlement,
      exchangeAtMs: firstPlausible(gamma.umaEndAtMs, gamma.closedAtMs),
    };
  }
  const status = gamma.umaResolutionStatus;
  return status === 'proposed' || status === 'disputed' ? { ...observed, ...rest, state: status } : null;
}

/**
 * The Data API's view of a market's resolution; null when its rows have none. Of several rows the one with payouts counts,
 * then a resolved one, then the latest: rows that differ must not take turns, whatever their order.
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

/** Orders rows by weight. At equal times the more advanced state comes first, and then the order is fixed by content. */
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
 * The resolution in the market channel's `market_resolved`; null when it names no winner. How a split looks there is
 * unknown, and the other sources report it.
 */
export function channelObservation(
  event: Pick<LifecycleEvent, 'conditionId' | 'winningTokenId' | 'winningOutcome' | 'exchangeAtMs' | 'receivedAtUs'>,
  market: Pick<Market, 'tokens'>,
): ResolutionObservation | null {
  const { conditionId, winningTokenId, winningOutcome, exchangeAtMs, receivedAtUs } = event;
  const settlement = inferWinner({ winningTokenId }, tokenIdsOf(market));
  if (settlement === null) return null;
  return {
    conditionId,
    method: 'market_resolved',
    state: 'resolved',
    settlement,
    exchangeAtMs,
    seenAtMs: Math.floor(receivedAtUs / 1_000),
    evidence: { winningTokenId, winningOutcome, timestamp: String(exchangeAtMs) },
  };
}

/** Whether the market is open again, or was open in between unseen: it closed after we saw its resolution. */
function wasReopened(
  market: GammaMarket,
  { closed, closedAtMs, resolution }: Pick<Market, 'closed' | 'closedAtMs' | 'resolution'>,
): boolean {
  if (!closed) return false;
  if (!market.closed) return true;
  if (resolution?.state !== 'resolved' || market.closedAtMs === null) return false;
  return market.closedAtMs > Math.max(closedAtMs ?? 0, resolution.seenAtMs);
}

/** An implausible time is the venue's mistake and must not decide the order of events. */
function firstPlausible(...timesMs: (number | null)[]): number | null {
  return timesMs.find(isPlausibleTime) ?? null;
}

function tokenIdsOf({ tokens }: Pick<Market, 'tokens'>): [string, string] {
  return [tokens[0].tokenId, tokens[1].tokenId];
}

/** The Data API's states that are not final. In the others (`initialized`, `posed`, `active`) nothing has happened yet. */
const STATES: Record<string, 'proposed' | 'disputed'> = {
  proposed: 'proposed',
  reproposed: 'proposed',
  challenged: 'disputed',
  disputed: 'disputed',
  arbitration: 'disputed',
};

/** The order of the states of a question; unknown ones come first. */
const ORDER = [
  ...['initialized', 'active', 'posed', 'proposed', 'challenged', 'reproposed', 'disputed', 'arbitration'],
  'resolved',
];
