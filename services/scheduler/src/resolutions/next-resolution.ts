import {
  canonicalDecimal,
  type MarketResolution,
  type ResolutionMethod,
  type ResolutionStep,
  type Settlement,
} from '@polytape/types';

/** What one source said of one market at one time. */
export type ResolutionObservation = {
  conditionId: string;
  method: ResolutionMethod;
  /** `reopened`: it was closed when Gamma was last asked, and trades again. */
  state: MarketResolution['state'];
  /** Of `resolved`; null of all others. */
  settlement: Settlement | null;
  /** When that was, by the venue's clock, milliseconds since the epoch; null where it did not say. */
  exchangeAtMs: number | null;
  /** Our clock when we heard it. */
  seenAtMs: number;
  /** The venue's own words: names and values as received. */
  evidence: Record<string, unknown>;
};

/**
 * The step that a market's resolution takes by an observation, or null when it tells nothing new or nothing that counts.
 *
 * nothing known -> proposed <-> disputed -> resolved -> reopened -> proposed …, and from anywhere but resolved straight to
 * resolved. The same observation again is never a step, and of two sources that are asked in turn and disagree for good
 * the more trusted one prevails, so that no market steps to and fro for ever.
 *
 * - A resolution is left only by being reopened, or for another one: a source that is at least as trusted says that it
 *   was resolved otherwise. That is a step again, because the first one was believed and acted on.
 * - A fact of the market channel is no poll of the present state, and may be read again: it counts only if it was heard
 *   after the last step.
 * - The Data API is some seconds behind Gamma: a proposal or dispute of its counts only if its own time is not before the
 *   last step, else each step would be taken twice, with one back in between.
 * - After a reopening the Data API may still show the resolution before it: it counts once its own time is a later one.
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

/** Where the market stands after the step, as its document says it. */
export function resolutionAfter(known: MarketResolution | null, step: ResolutionStep): MarketResolution {
  const { type, step: number, settlement, method, exchangeAtMs, seenAtMs } = step;
  const reopenedAtMs = type === 'resolution_reopened' ? seenAtMs : known?.reopenedAtMs;
  return {
    ...{ state: STATES[type], step: number, settlement, method, exchangeAtMs, seenAtMs },
    ...(reopenedAtMs === undefined ? {} : { reopenedAtMs }),
  };
}

/** Whether both say the same, whatever the spelling of the payouts. */
export function isSameSettlement(one: Settlement | null, other: Settlement | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.outcome === other.outcome &&
    one.winningTokenId === other.winningTokenId &&
    spelling(one.payouts) === spelling(other.payouts)
  );
}

/** The order of trust of the venue's sources: what the chain says, the announcement, the list that may be minutes old. */
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

/** Whether it tells of something that a later step has overtaken. */
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

/** When the known state had begun at the latest; by the venue's clock where the Data API, which is asked, said so itself. */
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
