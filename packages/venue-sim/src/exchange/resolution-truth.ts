import type { SimMarket } from '../catalogue/sim-market.ts';
import { ResolutionsOutgrownError } from '../venue-sim-errors.ts';
import { type LifeStep, outcomeOf, type Pair, type Standing, standingOf } from './market-life.ts';

/** A market's standing and its history, to compare a recorder's resolutions with. */
export type TruthResolution = {
  conditionId: string;
  tokenIds: [string, string];
  state: Standing['phase'];
  /** Null unless it is currently resolved. `unknown` is a void: nobody is paid. */
  outcome: ReturnType<typeof outcomeOf> | null;
  payouts: Pair | null;
  /** Null if nobody or both won. */
  winningTokenId: string | null;
  resolvedAtMs: number | null;
  /** Whether the venue's own feed resolved it, without a proposal. */
  automatic: boolean;
  /** Whether trading has ended. */
  closed: boolean;
  steps: LifeStep[];
};

/**
 * Every market that ever took a step after its opening, including markets that are no longer listed. Beyond its maximum it
 * refuses to answer, because a part could be taken for the whole.
 */
export class ResolutionTruth {
  readonly #markets = new Map<string, Pick<SimMarket, 'conditionId' | 'steps'> & { tokenIds: [string, string] }>();
  readonly #marketsMax: number;
  #outgrown = false;

  constructor(marketsMax = TRUTH_MARKETS_MAX) {
    this.#marketsMax = marketsMax;
  }

  /** Adds a market. Its later steps need no further call. */
  watch({ conditionId, steps, tokens }: SimMarket): void {
    if (this.#markets.has(conditionId)) return;
    if (this.#markets.size >= this.#marketsMax) this.#outgrown = true;
    else this.#markets.set(conditionId, { conditionId, steps, tokenIds: [tokens[0].tokenId, tokens[1].tokenId] });
  }

  /** @throws {ResolutionsOutgrownError} There were too many markets. */
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
