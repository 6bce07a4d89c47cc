import {
  canonicalDecimal,
  type MarketResolution,
  type ResolutionMethod,
  type ResolutionStep,
  type Settlement,
} from '@polytape/types';

/** One source's view of a market's resolution at one time. */
export type ResolutionObservation = {
  conditionId: string;
  method: ResolutionMethod;
  /** `reopened`: the market was closed and trades again. */
  state: MarketResolution['state'];
  /** Null unless `resolved`. */
  settlement: Settlement | null;
  /** When it happened, by the venue's clock, milliseconds since the epoch; null if unknown. */
  exchangeAtMs: number | null;
  /** When we received it, by our clock. */
  seenAtMs: number;
  /** The venue's fields, names and values as received. */
  evidence: Record<string, unknown>;
};

/**
 * The next step of a market's resolution, or null when the observation is not new or does not count.
 *
 * nothing known -> proposed <-> disputed -> resolved -> reopened -> proposed …; resolved can follow any state. A repeated
 * observation is never a step. Of two sources that keep disagreeing the more trusted one wins, so that no market switches
 * to and fro forever.
 *
 * - A resolution changes only when the market is reopened, or when a source that is at least as trusted reports another
 *   outcome. That is a step of its own, because the first outcome was published and used.
 * - A fact of the market channel is not a poll of the present state and may be read twice: it counts only if it was received
 *   after the last step.
 * - The Data API lags some seconds behind Gamma: its proposals and disputes count only if its own time is not before the
 *   last step. Otherwise each step would be taken twice, with one back in between.
 * - After a reopening the Data API may still show the old resolution: it counts only with a later time of its own.
 *
 * See ADR 10.
 */
export function nextResolution(
  known: MarketResolution | null,
  observation: ResolutionObservation,
): ResolutionStep | null {
  if (!isNews(known, observation)) return null;
  const { conditionId, state, settlement, method, exchangeAtMs, seenAtMs, evidence } = observation;
  const step = (known?.step ?? 0) + 1;
  return {
    type: `resolution_${state}`,
    conditionId,
    step,
    settlement: state === 'resolved' ? settlement : null,
    method,
    exchangeAtMs,
    seenAtMs,
    evidence,
  };
}

/** The market's resolution after the step, for its document. */
export function resolutionAfter(known: MarketResolution | null, step: ResolutionStep): MarketResolution {
  const { type, step: number, settlement, method, exchangeAtMs, seenAtMs } = step;
  const reopenedAtMs = type === 'resolution_reopened' ? seenAtMs : known?.reopenedAtMs;
  return {
    state: STATES[type],
    step: number,
    settlement,
    method,
    exchangeAtMs,
    seenAtMs,
    ...(reopenedAtMs === undefined ? {} : { reopenedAtMs }),
  };
}

/** Whether two settlements are equal, whatever the spelling of their payouts. */
export function isSameSettlement(one: Settlement | null, other: Settlement | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.outcome === other.outcome &&
    one.winningTokenId === other.winningTokenId &&
    spelling(one.payouts) === spelling(other.payouts)
  );
}

/** How far to trust each source: the chain's result, the announcement, then Gamma's list, which may be minutes old. */
const TRUST: Record<ResolutionMethod, number> = { data_api: 3, market_resolved: 2, gamma: 1 };

function isNews(known: MarketResolution | null, observation: ResolutionObservation): boolean {
  if (observation.state === 'resolved' && observation.settlement === null) return false;
  if (known === null) return true;
  if (isHistory(known, observation)) return false;
  switch (observation.state) {
    case 'reopened':
      return known.state !== 'reopened';
    case 'resolved':
      if (known.state !== 'resolved') return true;
      return isTrustedAs(known, observation) && !isSameSettlement(known.settlement, observation.settlement);
    default:
      return known.state !== 'resolved' && known.state !== observation.state && isTrustedAs(known, observation);
  }
}

/** Whether a later step has overtaken the observation. */
function isHistory(known: MarketResolution, observation: ResolutionObservation): boolean {
  const { method, state, seenAtMs, exchangeAtMs } = observation;
  switch (method) {
    case 'market_resolved':
      return seenAtMs <= known.seenAtMs;
    case 'data_api':
      if (known.reopenedAtMs !== undefined && (exchangeAtMs ?? 0) <= known.reopenedAtMs) return true;
      return state !== 'resolved' && exchangeAtMs !== null && exchangeAtMs < begunAtMs(known);
    case 'gamma':
      return false;
  }
}

/** When the known state began at the latest; by the venue's clock if the Data API reported it. */
function begunAtMs({ method, exchangeAtMs, seenAtMs }: MarketResolution): number {
  return method === 'data_api' && exchangeAtMs !== null ? exchangeAtMs : seenAtMs;
}

function isTrustedAs(known: MarketResolution, { method }: ResolutionObservation): boolean {
  return TRUST[method] >= TRUST[known.method];
}

function spelling(payouts: [string, string] | null): string {
  return payouts === null ? '' : payouts.map(canonicalDecimal).join(' ');
}

const STATES: Record<ResolutionStep['type'], MarketResolution['state']> = {
  resolution_proposed: 'proposed',
  resolution_disputed: 'disputed',
  resolution_resolved: 'resolved',
  resolution_reopened: 'reopened',
};
