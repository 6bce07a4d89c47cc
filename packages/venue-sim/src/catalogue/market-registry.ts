import { standingOf } from '../exchange/market-life.ts';
import type { Prng } from '../exchange/prng.ts';
import type { SimMarket, SimToken } from './sim-market.ts';

/** All open and closed markets of the venue, with look-ups. */
export class MarketRegistry {
  readonly #byCondition = new Map<string, SimMarket>();
  readonly #byToken = new Map<string, SimToken>();
  readonly #byGammaId = new Map<string, SimMarket>();
  readonly #bySlug = new Map<string, SimMarket>();
  /** Closed markets in the order of their closing, so that the oldest can be removed. */
  readonly #closed: SimMarket[] = [];
  #open: SimMarket[] = [];
  #revision = 0;
  /** Running sum of the open markets' weights; null when outdated. */
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

  /** Ends the trading of a market whose last step is its closing. */
  close(market: SimMarket): void {
    market.closed = standingOf(market.steps).closed;
    market.book.clear();
    this.#open = this.#open.filter((other) => other !== market);
    this.#closed.push(market);
    this.#weights = null;
    if (this.#closed.length > CLOSED_MARKETS_MAX) this.#forget(this.#closed.shift());
  }

  /** Resumes the trading of a closed market, with its initial book. */
  reopen(market: SimMarket): void {
    const index = this.#closed.indexOf(market);
    // It was removed, and its ids are no longer known either.
    if (index < 0) return;
    this.#closed.splice(index, 1);
    market.closed = null;
    market.bookChangedAtMs = null;
    this.#open = [...this.#open, market].sort((a, b) => Number(a.gammaId) - Number(b.gammaId));
    this.#weights = null;
  }

  /** Whether the maximum of open markets is reached. */
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

  /** Increases whenever a market is added or removed. */
  get revision(): number {
    return this.#revision;
  }

  /** All markets in the order of their Gamma ids. */
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

  /** A random open market, weighted by activity; undefined if none is open. */
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

/** Maximum of open markets, more than the live venue has. */
const OPEN_MARKETS_MAX = 250_000;
/** Maximum of closed markets that stay listed. Beyond it, the one that closed first is removed. */
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
