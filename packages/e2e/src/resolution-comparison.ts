import { canonicalDecimal } from '@polytape/types';
import type { TruthResolution } from '@polytape/venue-sim';
import type { DatabaseProbe } from './database-probe.ts';

/** A market whose recorded resolution differs from the venue's; null means that there is no row, or none is expected. */
export type ResolutionDifference = { conditionId: string; truth: Settled | null; recorded: Settled | null };

/**
 * Compares the table `resolutions` with the truth: the state, and for resolved markets the outcome, the winner, both payouts
 * and the time in whole seconds (some interfaces are no more precise). A market that was closed but never proposed has no
 * row. With `steps`, `resolution_events` must hold exactly the venue's steps, in order.
 */
export async function compareResolutions(
  truth: readonly TruthResolution[],
  probe: DatabaseProbe,
  { steps }: { steps: boolean },
): Promise<ResolutionDifference[]> {
  const recorded = new Map<string, Settled>();
  for (const { condition_id, ...row } of await probe.rows<ResolutionRow>(RESOLUTIONS)) {
    recorded.set(condition_id, {
      state: row.state,
      outcome: row.outcome,
      winningTokenId: row.winning_token_id,
      payouts: row.payouts?.map(canonicalDecimal) ?? null,
      resolvedAtS: row.resolved_at_s,
      steps: steps ? row.steps.map((step) => step.replace('resolution_', '')) : null,
    });
  }
  const due = new Map(truth.map((entry) => [entry.conditionId, settledOf(entry, steps)]));
  const differences: ResolutionDifference[] = [];
  for (const conditionId of new Set([...due.keys(), ...recorded.keys()])) {
    const difference = {
      conditionId,
      truth: due.get(conditionId) ?? null,
      recorded: recorded.get(conditionId) ?? null,
    };
    if (JSON.stringify(difference.truth) !== JSON.stringify(difference.recorded)) differences.push(difference);
  }
  return differences;
}

type Settled = {
  state: string;
  outcome: string | null;
  winningTokenId: string | null;
  payouts: string[] | null;
  resolvedAtS: number | null;
  /** Null if they are not compared. */
  steps: string[] | null;
};

type ResolutionRow = {
  condition_id: string;
  state: string;
  outcome: string | null;
  winning_token_id: string | null;
  payouts: string[] | null;
  resolved_at_s: number | null;
  steps: string[];
};

const RESOLUTIONS = `
  SELECT condition_id, state, outcome, winning_token_id,
    CASE WHEN payout_0 IS NOT NULL THEN ARRAY[payout_0::text, payout_1::text] END AS payouts,
    floor(extract(epoch FROM resolved_at))::float8 AS resolved_at_s,
    ARRAY(
      SELECT type FROM resolution_events
      WHERE resolution_events.condition_id = resolutions.condition_id ORDER BY resolution_events.step
    ) AS steps
  FROM resolutions`;

function settledOf(truth: TruthResolution, withSteps: boolean): Settled | null {
  const { outcome, winningTokenId, payouts, resolvedAtMs, steps } = truth;
  // The closing is not a step of the resolution.
  const taken = steps.map(({ type }) => type).filter((type) => type !== 'closed');
  const state = taken.at(-1);
  if (state === undefined) return null;
  return {
    state,
    outcome,
    winningTokenId,
    payouts,
    resolvedAtS: resolvedAtMs === null ? null : Math.floor(resolvedAtMs / 1_000),
    steps: withSteps ? taken : null,
  };
}
