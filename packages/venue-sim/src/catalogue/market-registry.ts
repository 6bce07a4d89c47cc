import { standingOf } from '../exchange/market-life.ts';
import type { Prng } from '../exchange/prng.ts';
import type { SimMarket, SimToken } from './sim-market.ts';

/** All markets of the venue, open and closed, with the look-ups that its interfaces need. */
export class MarketRegistry {
  readonly #byCondition = new Map<string, SimMarket>();
  readonly #byToken = new Map<string, SimToken>();
  readonly #byGammaId = new Map<string, SimMarket>();
  readonly #bySlug = new Map<string, SimMarket>();
  /** Closed ones in the order of their closing, so that the oldest can be forgotten. */
  readonly #closed: SimMarket[] = [];
  #open: SimMarket[] = [];
  #revision = 0;
  /** Running sum of the open markets' weights; null when it must be computed again. */
  #weights: Float64Array | null = null;

  add(market: SimMarket): void {
    this.#byCondition.set(market.conditionId, market);
    for (const token of market.tokens) this.#byToken.set(token.tokenId, token);
    this.#byGammaId.set(market.gammaId, market);
    this.#bySlug.set(market.slug, market);
    this.#open.push(market);
    this.#revision += 1;
    this.#weights = null;
  }

  /** Takes a market whose last step is its closing out of trade. */
  close(market: SimMarket): void {
    market.closed = standingOf(market.steps).closed;
    market.book.clear();
    this.#open = this.#open.filter((other) => other !== market);
    this.#closed.push(market);
    this.#weights = null;
    if (this.#closed.length > CLOSED_MARKETS_MAX) this.#forget(this.#closed.shift());
  }

  /** Takes a closed market into trade again, with the book that it once began with. */
  reopen(market: SimMarket): void {
    const index = this.#closed.indexOf(market);
    // Forgotten: it is no longer known by its ids, either.
    if (index < 0) return;
    this.#closed.splice(index, 1);
    market.closed = null;
    market.bookChangedAtMs = null;
    this.#open = [...this.#open, market].sort((a, b) => Number(a.gammaId) - Number(b.gammaId));
    this.#weights = null;
  }

  /** No further market can be opened. */
  get full(): boolean {
    return this.#open.length >= OPEN_MARKETS_MAX;
  }

  /** Open markets, oldest first. */
  get open(): readonly SimMarket[] {
    return this.#open;
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  /** Grows whenever a market is added or forgotten. */
  get revision(): number {
    return this.#revision;
  }

  /** Every market, in the order of Gamma's ids. */
  all(): SimMarket[] {
    return [...this.#byGammaId.values()];
  }

  byCondition(conditionId: string): SimMarket | undefined {
    return this.#byCondition.get(conditionId);
  }

  byGammaId(gammaId: string): SimMarket | undefined {
    return this.#byGammaId.get(gammaId);
  }

  bySlug(slug: string): SimMarket | undefined {
    return this.#bySlug.get(slug);
  }

  token(tokenId: string): SimToken | undefined {
    return this.#byToken.get(tokenId);
  }

  /** An open market, likelier when it is busier; undefined when none is open. */
  pick(prng: Prng): SimMarket | undefined {
    this.#weights ??= runningSum(this.#open);
    const wanted = prng.unit() * (this.#weights.at(-1) ?? 0);
    let low = 0;
    let high = this.#weights.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#weights[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return this.#open[low];
  }

  #forget(market: SimMarket | undefined): void {
    if (market === undefined) return;
    this.#revision += 1;
    this.#byCondition.delete(market.conditionId);
    for (const token of market.tokens) this.#byToken.delete(token.tokenId);
    this.#byGammaId.delete(market.gammaId);
    this.#bySlug.delete(market.slug);
  }
}

/** More than the live venue has; past that none is opened. */
const OPEN_MARKETS_MAX = 250_000;
/** Closed markets that stay listed; past that the one that closed first is forgotten, as if it had never been. */
const CLOSED_MARKETS_MAX = 20_000;

function runningSum(markets: readonly SimMarket[]): Float64Array {
  const sums = new Float64Array(markets.length);
  let sum = 0;
  for (let index = 0; index < markets.length; index += 1) {
    sum += markets[index]?.weight ?? 0;
    sums[index] = sum;
  }
  return sums;
}
