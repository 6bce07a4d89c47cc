import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import type { MarketFeed } from '../channel/market-feed.ts';
import { MarketStepError } from '../venue-sim-errors.ts';
import { type LifeStep, type Pair, refusalOf } from './market-life.ts';
import { ResolutionTruth } from './resolution-truth.ts';

export type MarketLifecycleOptions = {
  registry: MarketRegistry;
  feed: MarketFeed;
  /** Called for a reopened market, to create its book again. */
  prepareBook: (market: SimMarket) => void;
  clock: () => number;
};

/** Takes the steps of markets after their opening: checks and dates each one, enters it into the truth and announces it. */
export class MarketLifecycle {
  readonly truth = new ResolutionTruth();
  readonly #options: MarketLifecycleOptions;

  constructor(options: MarketLifecycleOptions) {
    this.#options = options;
  }

  /** Ends trading. By default the marks are nearly 1 and 0 for the likelier outcome, but never a winner. */
  close(market: SimMarket, marks: Pair = lastMarks(market)): void {
    this.#take(market, { type: 'closed', atMs: this.#options.clock(), marks });
    this.#options.registry.close(market);
  }

  propose(market: SimMarket, payouts: Pair): void {
    this.#take(market, { type: 'proposed', atMs: this.#options.clock(), payouts });
  }

  dispute(market: SimMarket): void {
    this.#take(market, { type: 'disputed', atMs: this.#options.clock() });
  }

  /** Resolves a market, and closes it first if it is open. `announced` sends `market_resolved`. */
  resolve(
    market: SimMarket,
    payouts: Pair,
    { automatic, announced }: { automatic: boolean; announced: boolean },
  ): void {
    const refusal = refusalOf(market.steps, 'resolved');
    if (refusal !== null) throw new MarketStepError(market.conditionId, refusal);
    if (market.closed === null) this.close(market);
    const atMs = this.#options.clock();
    this.#take(market, { type: 'resolved', atMs, payouts, automatic });
    if (announced) this.#options.feed.resolved(market, payouts, String(atMs));
  }

  /** Reopens a market, with its initial book. */
  reopen(market: SimMarket): void {
    const atMs = this.#options.clock();
    this.#take(market, { type: 'reopened', atMs });
    this.#options.registry.reopen(market);
    this.#options.prepareBook(market);
    market.bookChangedAtMs = atMs;
  }

  #take(market: SimMarket, step: LifeStep): void {
    const refusal = refusalOf(market.steps, step.type);
    if (refusal !== null) throw new MarketStepError(market.conditionId, refusal);
    market.steps.push(step);
    this.truth.watch(market);
  }
}

function lastMarks(market: SimMarket): Pair {
  return market.fairTick * 2 >= market.book.grid.ticks ? ['0.9995', '0.0005'] : ['0.0005', '0.9995'];
}
