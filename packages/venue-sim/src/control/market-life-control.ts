import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import { isShare, type Pair } from '../exchange/market-life.ts';
import type { MarketLifecycle } from '../exchange/market-lifecycle.ts';
import type { TruthResolution } from '../exchange/resolution-truth.ts';
import { MarketStepError } from '../venue-sim-errors.ts';

/** `announced`: sends `market_resolved` (default). `automatic`: resolved by the venue's own feed, without a proposal. */
export type ResolveOptions = { announced?: boolean; automatic?: boolean };

/**
 * Controls markets after their opening, for tests and other processes. Each method returns the market's new standing, or null
 * if the condition is unknown.
 *
 * Each method throws {MarketStepError} if the market cannot take the step, or the payouts are invalid.
 */
export class MarketLifeControl {
  readonly #registry: MarketRegistry;
  readonly #lifecycle: MarketLifecycle;
  /** Sends the queued frames. */
  readonly #flush: () => void;

  constructor({
    registry,
    lifecycle,
    flush,
  }: { registry: MarketRegistry; lifecycle: MarketLifecycle; flush: () => void }) {
    this.#registry = registry;
    this.#lifecycle = lifecycle;
    this.#flush = flush;
  }

  /** Ends trading without a resolution. Gamma shows the last marks, such as 0.9995 and 0.0005, which prove no winner. */
  endTrading(conditionId: string, marks?: Pair): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.close(market, marks && pair(market, marks)));
  }

  /** Proposes payouts, usually while the market still trades. */
  propose(conditionId: string, payouts: Pair): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.propose(market, pair(market, payouts)));
  }

  dispute(conditionId: string): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.dispute(market));
  }

  /** Resolves a market, and closes it first if it is open. Payouts: 1 and 0, a half each, `0` for both (void), or others. */
  resolve(
    conditionId: string,
    payouts: Pair,
    { announced = true, automatic = false }: ResolveOptions = {},
  ): TruthResolution | null {
    return this.#step(conditionId, (market) =>
      this.#lifecycle.resolve(market, pair(market, payouts), { announced, automatic }),
    );
  }

  /** Reopens a market, with its initial book. */
  reopen(conditionId: string): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.reopen(market));
  }

  /**
   * Every market that took a step after its opening, in the order of the first steps, including markets that are no longer
   * listed. @throws {ResolutionsOutgrownError} There were too many.
   */
  truth(): TruthResolution[] {
    return this.#lifecycle.truth.entries();
  }

  #step(conditionId: string, act: (market: SimMarket) => void): TruthResolution | null {
    const market = this.#registry.byCondition(conditionId);
    if (market === undefined) return null;
    act(market);
    this.#flush();
    return this.#lifecycle.truth.of(market);
  }
}

/** Checks values that may come from another process. */
function pair({ conditionId }: SimMarket, values: Pair): Pair {
  if (Array.isArray(values) && values.length === 2 && values.every(isShare)) return values;
  throw new MarketStepError(conditionId, 'give two decimals from 0 to 1 as strings, such as ["1", "0"]');
}
