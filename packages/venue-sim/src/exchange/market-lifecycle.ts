import type { MarketRegistry } from '../catalogue/market-registry.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import type { MarketFeed } from '../channel/market-feed.ts';
import { MarketStepError } from '../venue-sim-errors.ts';
import { type LifeStep, type Pair, refusalOf } from './market-life.ts';
import { ResolutionTruth } from './resolution-truth.ts';

export type MarketLifecycleOptions = {
  registry: MarketRegistry;
  feed: MarketFeed;
  /** Called for a market that was reopened, so that it has a book again. */
  prepareBook: (market: SimMarket) => void;
  clock: () => number;
};

/** What happens to markets after their opening: each step is checked, dated, entered into the truth and told. */
export class MarketLifecycle {
  readonly truth = new ResolutionTruth();
  readonly #options: MarketLifecycleOptions;

  constructor(options: MarketLifecycleOptions) {
    this.#options = options;
  }

  /** Trading ends. The marks are nearly 1 and 0 unless given, for the likelier outcome: never a winner. */
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

  /** Closes an open market first. Unless it is `announced`, no `market_resolved` tells of it. */
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

  /** The market trades again, with the book that it once began with. */
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
