import { MICRO_PER_SHARE } from '../catalogue/share-size.ts';
import type { SimMarket } from '../catalogue/sim-market.ts';
import { bestPrices } from '../channel/market-frames.ts';

/** The figures of a market's document that change with trading. */
export type GammaFigures = {
  /** Price texts of outcome 0; the empty string for a side without orders. */
  bid: string;
  ask: string;
  lastPrice: string | null;
  /** In units of collateral. */
  volume: number;
  volume24h: number;
  liquidity: number;
  updatedAtMs: number;
};

/** Gamma's figures are minutes old on the real venue: they are updated only at a certain age or at a step of the market. */
export class GammaFigureCache {
  readonly #ageMsMax: number;
  readonly #clock: () => number;
  readonly #kept = new WeakMap<SimMarket, { atMs: number; steps: number; figures: GammaFigures }>();

  constructor({ ageMsMax, clock }: { ageMsMax: number; clock: () => number }) {
    this.#ageMsMax = ageMsMax;
    this.#clock = clock;
  }

  of(market: SimMarket): GammaFigures {
    const nowMs = this.#clock();
    const kept = this.#kept.get(market);
    if (kept !== undefined && kept.steps === market.steps.length && nowMs - kept.atMs < this.#ageMsMax) {
      return kept.figures;
    }
    const figures = gammaFigures(market);
    this.#kept.set(market, { atMs: nowMs, steps: market.steps.length, figures });
    return figures;
  }
}

/** The current figures. A market without trades has no book yet, so its initial prices stand in. */
export function gammaFigures(market: SimMarket): GammaFigures {
  const traded = market.volumeMicro / MICRO_PER_SHARE;
  const before = market.flavour ** 4 * 2_000_000;
  return {
    ...topOf(market),
    lastPrice: market.lastTrade?.price ?? null,
    volume: round(before + traded, 6),
    volume24h: round(before * 0.1 + traded, 6),
    liquidity: market.closed === null ? round(2_000 + market.flavour * 60_000 + traded * 0.02, 5) : 0,
    updatedAtMs: updatedAtMs(market),
  };
}

/** The time in Gamma's `updatedAt`. */
export function updatedAtMs(market: SimMarket): number {
  return Math.max(market.createdAtMs, market.lastTrade?.atMs ?? 0, market.steps.at(-1)?.atMs ?? 0);
}

function topOf(market: SimMarket): { bid: string; ask: string } {
  const { book, fairTick, closed, bookChangedAtMs } = market;
  const untouched = closed === null && bookChangedAtMs === null && book.bids.length === 0 && book.asks.length === 0;
  if (!untouched) return bestPrices(book, market.tokens[0]);
  const { prices, ticks } = book.grid;
  const [bid, ask] = [Math.ceil(fairTick) - 1, Math.floor(fairTick) + 1];
  return { bid: bid > 0 ? (prices[bid] ?? '') : '', ask: ask < ticks ? (prices[ask] ?? '') : '' };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
