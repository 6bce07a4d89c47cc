import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { priceGrid } from '../../src/catalogue/price-grid.ts';
import { nextQuote, seedBook } from '../../src/exchange/market-maker.ts';
import { type Level, OrderBook } from '../../src/exchange/order-book.ts';
import { Prng } from '../../src/exchange/prng.ts';

describe('market makers', () => {
  test('never cross the book, leave the price scale or grow a side without bound', () => {
    const seeds = fc.record({
      seed: fc.integer(),
      tickSize: fc.constantFrom('0.1' as const, '0.01' as const, '0.005' as const, '0.001' as const),
      fair: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(seeds, ({ seed, tickSize, fair }) => {
        const prng = new Prng(seed);
        const grid = priceGrid(tickSize);
        const book = new OrderBook(grid);
        let fairTick = Math.min(grid.ticks - 3, Math.max(3, fair * grid.ticks));
        seedBook(book, fairTick, prng);
        for (let step = 0; step < 400; step += 1) {
          fairTick = Math.min(grid.ticks - 3, Math.max(3, fairTick + prng.integer(-2, 2)));
          book.set(nextQuote(book, fairTick, prng));
          expect(flaw(book)).toBe(null);
        }
        // A taker empties both sides; market makers refill them.
        book.clear();
        for (let step = 0; step < 60; step += 1) book.set(nextQuote(book, fairTick, prng));
        expect(flaw(book)).toBe(null);
        expect(book.bids.length).toBeGreaterThan(0);
        expect(book.asks.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  test('fill an empty book in the same way for the same random numbers', () => {
    const books = [1, 1, 2].map((seed) => {
      const book = new OrderBook(priceGrid('0.01'));
      seedBook(book, 40, new Prng('book', seed));
      return { bids: book.bids, asks: book.asks };
    });
    expect(books[1]).toEqual(books[0]);
    expect(books[2]).not.toEqual(books[0]);
  });
});

describe('an order book', () => {
  test('keeps its prices when its tick becomes finer', () => {
    const book = new OrderBook(priceGrid('0.01'));
    seedBook(book, 40, new Prng('refine'));
    const prices = (): unknown[] =>
      [...book.bids, ...book.asks].map(({ tick, sizeMicro }) => [book.grid.prices[tick], sizeMicro]);
    const before = prices();
    book.refine(priceGrid('0.001'));
    expect(prices()).toEqual(before);
    expect(book.grid.tickSize).toBe('0.001');
  });
});

/** The fault of a book; null if there is none. */
function flaw({ bids, asks, grid }: OrderBook): string | null {
  const ascending = (levels: Level[]): boolean =>
    levels.every(({ tick }, index) => tick > (levels[index - 1]?.tick ?? 0));
  if (!ascending(bids)) return 'bids are not ascending';
  if (!ascending(asks.toReversed())) return 'asks are not descending';
  if ([...bids, ...asks].some(({ tick }) => tick >= grid.ticks)) return 'a price is not below 1';
  if ((bids.at(-1)?.tick ?? 0) >= (asks.at(-1)?.tick ?? grid.ticks)) return 'the book is crossed';
  if (Math.max(bids.length, asks.length) > 25) return 'a side is too long';
  return [...bids, ...asks].every(({ sizeMicro }) => sizeMicro > 0) ? null : 'a level is empty';
}
