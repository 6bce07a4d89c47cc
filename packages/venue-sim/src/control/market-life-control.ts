import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import { isShare, type Pair } from '../exchange/market-life.ts';
import type { MarketLifecycle } from '../exchange/market-lifecycle.ts';
import type { TruthResolution } from '../exchange/resolution-truth.ts';
import { MarketStepError } from '../venue-sim-errors.ts';

/** `announced`: `market_resolved` tells of it (default); `automatic`: by the venue's own feed, as if nobody proposed anything. */
export type ResolveOptions = { announced?: boolean; automatic?: boolean };

/**
 * What tests and other processes may do with a market after its opening, by its condition. Each answers how the market
 * stands then, or null when there is no such market.
 *
 * Each throws {MarketStepError} where the market cannot take the step, or the payouts are none.
 */
export class MarketLifeControl {
  readonly #registry: MarketRegistry;
  readonly #lifecycle: MarketLifecycle;
  /** Sends what was said of it. */
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

  /** Trading ends, and nothing is resolved: Gamma shows the last marks, such as 0.9995 and 0.0005, which name no winner. */
  endTrading(conditionId: string, marks?: Pair): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.close(market, marks && pair(market, marks)));
  }

  /** Also of a market that still trades, as is usual. */
  propose(conditionId: string, payouts: Pair): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.propose(market, pair(market, payouts)));
  }

  dispute(conditionId: string): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.dispute(market));
  }

  /** Closes the market first where it is open. Payouts: 1 and 0, a half each, `0` to both for a void, or others. */
  resolve(
    conditionId: string,
    payouts: Pair,
    { announced = true, automatic = false }: ResolveOptions = {},
  ): TruthResolution | null {
    return this.#step(conditionId, (market) =>
      this.#lifecycle.resolve(market, pair(market, payouts), { announced, automatic }),
    );
  }

  /** The market trades again, with the book that it once began with. */
  reopen(conditionId: string): TruthResolution | null {
    return this.#step(conditionId, (market) => this.#lifecycle.reopen(market));
  }

  /**
   * Every market that took a step after its opening, in the order of the first ones, also those that the listings have
   * forgotten. @throws {ResolutionsOutgrownError} They are more than it keeps.
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

/** What was given, which may come from another process. */
function pair({ conditionId }: SimMarket, values: Pair): Pair {
  if (Array.isArray(values) && values.length === 2 && values.every(isShare)) return values;
  throw new MarketStepError(conditionId, 'give two decimals from 0 to 1 as strings, such as ["1", "0"]');
}
