import type { PriceGrid } from '../catalogue/price-grid.ts';

/** The side of an order or a taker. */
export type Side = 'BUY' | 'SELL';

/** The resting size at one price. */
export type Level = { tick: number; sizeMicro: number };

/** The new absolute size of a level; 0 removes it. */
export type LevelChange = { side: Side; tick: number; sizeMicro: number };

/**
 * The book of a market, in terms of outcome 0. The book of outcome 1 is its mirror image (price p is 1 - p, bids are asks): on
 * the venue, too, both tokens share one book.
 *
 * Both sides are sorted worst first, like in the venue's messages: bids ascending, asks descending, the best last.
 */
export class OrderBook {
  grid: PriceGrid;
  bids: Level[] = [];
  asks: Level[] = [];

  constructor(grid: PriceGrid) {
    this.grid = grid;
  }

  levels(side: Side): Level[] {
    return side === 'BUY' ? this.bids : this.asks;
  }

  /** The tick of the best price, or null if that side is empty. */
  best(side: Side): number | null {
    return this.levels(side).at(-1)?.tick ?? null;
  }

  sizeAt(side: Side, tick: number): number {
    return this.levels(side).find((level) => level.tick === tick)?.sizeMicro ?? 0;
  }

  set({ side, tick, sizeMicro }: LevelChange): void {
    const levels = this.levels(side);
    let index = levels.length;
    // Search from the best price, where most changes happen.
    if (side === 'BUY') while (index > 0 && (levels[index - 1]?.tick ?? 0) > tick) index -= 1;
    else while (index > 0 && (levels[index - 1]?.tick ?? 0) < tick) index -= 1;
    const found = levels[index - 1];
    if (found?.tick === tick) {
      if (sizeMicro === 0) levels.splice(index - 1, 1);
      else found.sizeMicro = sizeMicro;
    } else if (sizeMicro > 0) {
      levels.splice(index, 0, { tick, sizeMicro });
    }
  }

  /** Moves the book to a finer grid without changing prices. */
  refine(grid: PriceGrid): void {
    const factor = grid.ticks / this.grid.ticks;
    for (const level of this.bids) level.tick *= factor;
    for (const level of this.asks) level.tick *= factor;
    this.grid = grid;
  }

  clear(): void {
    this.bids = [];
    this.asks = [];
  }
}
