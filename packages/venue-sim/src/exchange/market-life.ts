/** A price or payout for each outcome, as decimal strings. */
export type Pair = [string, string];

/** A step of a market's life after its opening, with its time on the venue's clock. */
export type LifeStep =
  /** Trading ended. `marks` are the last prices, which Gamma shows in `outcomePrices` until the market is resolved. */
  | { type: 'closed'; atMs: number; marks: Pair }
  | { type: 'proposed'; atMs: number; payouts: Pair }
  | { type: 'disputed'; atMs: number }
  /** `automatic`: by the venue's own feed, without a proposal. */
  | { type: 'resolved'; atMs: number; payouts: Pair; automatic: boolean }
  /** It trades again, and its resolution is void. */
  | { type: 'reopened'; atMs: number };

/**
 * The standing of a market.
 *
 * open -> closed -> proposed <-> disputed -> resolved -> reopened (which is open again). A proposal may come before the
 * closing, a resolution may come without a proposal, and a closing may never lead to a resolution.
 */
export type Standing = {
  phase: 'open' | 'closed' | 'proposed' | 'disputed' | 'resolved' | 'reopened';
  /** Null while it trades. */
  closed: { atMs: number; marks: Pair } | null;
  /** Since the market was last opened, oldest first. */
  proposals: Pair[];
  disputes: number;
  /** All proposals and disputes ever, as in `umaResolutionStatuses`. */
  history: ('proposed' | 'disputed')[];
  resolved: { atMs: number; payouts: Pair; automatic: boolean } | null;
  /** Time of the last step; null before the first. */
  changedAtMs: number | null;
};

/** The standing after all steps up to a time. */
export function standingOf(steps: readonly LifeStep[], untilMs = Number.POSITIVE_INFINITY): Standing {
  const standing: Standing = {
    phase: 'open',
    closed: null,
    proposals: [],
    disputes: 0,
    history: [],
    resolved: null,
    changedAtMs: null,
  };
  for (const step of steps) {
    if (step.atMs > untilMs) break;
    take(standing, step);
    standing.changedAtMs = step.atMs;
  }
  return standing;
}

/** The reason why a step cannot be taken; null if it can. */
export function refusalOf(steps: readonly LifeStep[], type: LifeStep['type']): string | null {
  const { phase, closed } = standingOf(steps);
  if (steps.length >= STEPS_MAX) return `a market takes at most ${STEPS_MAX} steps`;
  if (type === 'closed' && closed !== null) return 'it is already closed';
  if (type === 'proposed' && (phase === 'proposed' || phase === 'resolved')) return `it is already ${phase}`;
  if (type === 'disputed' && phase !== 'proposed') return 'nothing is proposed';
  if (type === 'resolved' && phase === 'resolved') return 'it is already resolved';
  if (type === 'reopened' && closed === null) return 'it is open';
  return null;
}

/** The kind of payouts: all to one outcome, a half each, nothing to anybody, or other shares. */
export function outcomeOf([first, second]: Pair): 'win0' | 'win1' | 'split' | 'other' | 'unknown' {
  if (first === '1' && second === '0') return 'win0';
  if (first === '0' && second === '1') return 'win1';
  if (first === '0.5' && second === '0.5') return 'split';
  return first === '0' && second === '0' ? 'unknown' : 'other';
}

/** Whether the text is a valid payout: a number from 0 to 1 with up to 6 decimals, without trailing zeros. */
export function isShare(text: unknown): text is string {
  return typeof text === 'string' && /^(0|1|0\.\d{0,5}[1-9])$/.test(text);
}

/** Enough for any script, and a bound for clients that repeat steps forever. */
const STEPS_MAX = 200;

function take(standing: Standing, step: LifeStep): void {
  if (step.type === 'closed') {
    standing.closed = { atMs: step.atMs, marks: step.marks };
    if (standing.phase === 'open' || standing.phase === 'reopened') standing.phase = 'closed';
    return;
  }
  standing.phase = step.type;
  if (step.type === 'proposed') {
    standing.proposals.push(step.payouts);
    standing.history.push('proposed');
  } else if (step.type === 'disputed') {
    standing.disputes += 1;
    standing.history.push('disputed');
  } else if (step.type === 'resolved') {
    standing.resolved = { atMs: step.atMs, payouts: step.payouts, automatic: step.automatic };
  } else {
    standing.closed = null;
    standing.resolved = null;
    standing.proposals = [];
    standing.disputes = 0;
  }
}
