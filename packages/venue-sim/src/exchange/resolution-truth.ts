import type { SimMarket } from '../catalogue/sim-market.ts';
import { ResolutionsOutgrownError } from '../venue-sim-errors.ts';
import { type LifeStep, outcomeOf, type Pair, type Standing, standingOf } from './market-life.ts';

/** How a market stands and how it came to that: what a recorder's resolutions are compared with. */
export type TruthResolution = {
  conditionId: string;
  tokenIds: [string, string];
  state: Standing['phase'];
  /** Null unless it is resolved now. `unknown`: closed for good, and nothing paid to anybody. */
  outcome: ReturnType<typeof outcomeOf> | null;
  payouts: Pair | null;
  /** Null where nobody or both won. */
  winningTokenId: string | null;
  resolvedAtMs: number | null;
  /** By the venue's own feed, without a proposal being needed. */
  automatic: boolean;
  /** Whether trading has ended. */
  closed: boolean;
  steps: LifeStep[];
};

/**
 * Every market that ever took a step after its opening, also those that the venue's listings have forgotten. Bounded:
 * past the maximum it answers no more, because a part could be taken for the whole.
 */
export class ResolutionTruth {
  readonly #markets = new Map<string, Pick<SimMarket, 'conditionId' | 'steps'> & { tokenIds: [string, string] }>();
  readonly #marketsMax: number;
  #outgrown = false;

  constructor(marketsMax = TRUTH_MARKETS_MAX) {
    this.#marketsMax = marketsMax;
  }

  /** Keeps a market in sight; its later steps are seen without being told. */
  watch({ conditionId, steps, tokens }: SimMarket): void {
    if (this.#markets.has(conditionId)) return;
    if (this.#markets.size >= this.#marketsMax) this.#outgrown = true;
    else this.#markets.set(conditionId, { conditionId, steps, tokenIds: [tokens[0].tokenId, tokens[1].tokenId] });
  }

  /** @throws {ResolutionsOutgrownError} There were more markets than it keeps. */
  entries(): TruthResolution[] {
    if (this.#outgrown) throw new ResolutionsOutgrownError(this.#marketsMax);
    return [...this.#markets.values()].map(truthOf);
  }

  of({ conditionId, steps, tokens }: SimMarket): TruthResolution {
    return truthOf({ conditionId, steps, tokenIds: [tokens[0].tokenId, tokens[1].tokenId] });
  }
}

/** About a kilobyte each. */
const TRUTH_MARKETS_MAX = 200_000;

function truthOf({
  conditionId,
  steps,
  tokenIds,
}: {
  conditionId: string;
  steps: readonly LifeStep[];
  tokenIds: [string, string];
}): TruthResolution {
  const { phase, closed, resolved } = standingOf(steps);
  const outcome = resolved === null ? null : outcomeOf(resolved.payouts);
  return {
    conditionId,
    tokenIds,
    state: phase,
    outcome,
    payouts: resolved?.payouts ?? null,
    winningTokenId: outcome === 'win0' ? tokenIds[0] : outcome === 'win1' ? tokenIds[1] : null,
    resolvedAtMs: resolved?.atMs ?? null,
    automatic: resolved?.automatic ?? false,
    closed: closed !== null,
    steps: [...steps],
  };
}
