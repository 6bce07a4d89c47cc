import { MICRO_PER_SHARE } from '../catalogue/share-size.ts';
import type { LevelChange, OrderBook, Side } from './order-book.ts';
import type { Prng } from './prng.ts';

/** Fills an empty book around a fair value. */
export function seedBook(book: OrderBook, fairTick: number, prng: Prng): void {
  for (const side of ['BUY', 'SELL'] as const) {
    const count = prng.integer(LEVELS_MIN, 18);
    let tick = side === 'BUY' ? Math.ceil(fairTick) - 1 : Math.floor(fairTick) + 1;
    for (let level = 0; level < count && tick > 0 && tick < book.grid.ticks; level += 1) {
      book.set({ side, tick, sizeMicro: restingSize(prng) });
      const step = prng.chance(0.6) ? 1 : prng.integer(2, Math.max(2, Math.round(book.grid.ticks / 25)));
      tick += side === 'BUY' ? -step : step;
    }
  }
}

/**
 * The next thing a market maker does: places, resizes or cancels one level. It never crosses the book, and leaves
 * each side between `LEVELS_MIN` and `LEVELS_MAX` levels.
 */
export function nextQuote(book: OrderBook, fairTick: number, prng: Prng): LevelChange {
  const side = thinSide(book, fairTick) ?? (prng.chance(0.5) ? 'BUY' : 'SELL');
  const levels = book.levels(side);
  if (levels.length > LEVELS_MAX || (levels.length > LEVELS_MIN && prng.chance(0.3))) {
    // Quotes on the wrong side of fair are withdrawn first, others anywhere.
    const index = prng.chance(0.4) ? levels.length - 1 : Math.floor(prng.unit() * levels.length);
    return { side, tick: levels[index]?.tick ?? 1, sizeMicro: 0 };
  }
  if (levels.length > 0 && prng.chance(0.4)) {
    const level = levels[Math.floor(prng.unit() * levels.length)];
    if (level !== undefined) return { side, tick: level.tick, sizeMicro: restingSize(prng) };
  }
  const distance = Math.floor(-Math.log(1 - prng.unit()) * (2 + book.grid.ticks / 60));
  const wanted = side === 'BUY' ? Math.ceil(fairTick) - 1 - distance : Math.floor(fairTick) + 1 + distance;
  return { side, tick: uncrossed(book, side, wanted), sizeMicro: restingSize(prng) };
}

/** Levels a side keeps at least; below, the next quote goes there. */
const LEVELS_MIN = 6;
/** Levels a side keeps at most: it bounds the book's memory and the length of a `book` frame. */
const LEVELS_MAX = 24;

/** A side that has too little, as far as there is room between its fair value and the end of the scale. */
function thinSide(book: OrderBook, fairTick: number): Side | null {
  const bidRoom = Math.ceil(fairTick) - 1;
  const askRoom = book.grid.ticks - Math.floor(fairTick) - 1;
  if (book.bids.length < Math.min(LEVELS_MIN, Math.floor(bidRoom / 2))) return 'BUY';
  if (book.asks.length < Math.min(LEVELS_MIN, Math.floor(askRoom / 2))) return 'SELL';
  return null;
}

function uncrossed(book: OrderBook, side: Side, tick: number): number {
  const { ticks } = book.grid;
  if (side === 'BUY') return Math.max(1, Math.min(tick, (book.best('SELL') ?? ticks) - 1));
  return Math.min(ticks - 1, Math.max(tick, (book.best('BUY') ?? 0) + 1));
}

/** Round lots and odd ones, from a few shares to tens of thousands. */
function restingSize(prng: Prng): number {
  const shares = Math.exp(2.5 + prng.unit() * 7);
  if (prng.chance(0.4)) return Math.max(5, Math.round(shares / 5) * 5) * MICRO_PER_SHARE;
  return Math.max(1, Math.round(shares * 100)) * 10_000;
}
