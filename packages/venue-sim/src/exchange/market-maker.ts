import { MICRO_PER_SHARE } from '../catalogue/share-size.ts';
import type { LevelChange, OrderBook, Side } from './order-book.ts';
import type { Prng } from './prng.ts';

/** Fills an empty book around a fair price. */
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
 * The next action of a market maker: places, resizes or cancels one level. It never crosses the book, and keeps each side
 * between `LEVELS_MIN` and `LEVELS_MAX` levels.
 */
export function nextQuote(book: OrderBook, fairTick: number, prng: Prng): LevelChange {
  const side = thinSide(book, fairTick) ?? (prng.chance(0.5) ? 'BUY' : 'SELL');
  const levels = book.levels(side);
  if (levels.length > LEVELS_MAX || (levels.length > LEVELS_MIN && prng.chance(0.3))) {
    // Prefer to withdraw the best level, which may be on the wrong side of the fair price.
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

/** Minimum levels of a side; below it, the next quote goes there. */
const LEVELS_MIN = 6;
/** Maximum levels of a side, which bounds memory and the length of a `book` frame. */
const LEVELS_MAX = 24;

/** A side with too few levels, considering the room between the fair price and the end of the scale. */
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

/** Round and odd lots, from a few shares to tens of thousands. */
function restingSize(prng: Prng): number {
  const shares = Math.exp(2.5 + prng.unit() * 7);
  if (prng.chance(0.4)) return Math.max(5, Math.round(shares / 5) * 5) * MICRO_PER_SHARE;
  return Math.max(1, Math.round(shares * 100)) * 10_000;
}
