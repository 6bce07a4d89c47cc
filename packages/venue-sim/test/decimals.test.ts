import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { priceGrid, type TickSize, tickOfPrice } from '../src/catalogue/price-grid.ts';
import { microOfSize, sizeText } from '../src/catalogue/share-size.ts';

const TICK_SIZES: TickSize[] = ['0.1', '0.01', '0.005', '0.0025', '0.001', '0.0001'];

describe('a price', () => {
  test('has a text without trailing zeros, from which it is parsed back', () => {
    for (const tickSize of TICK_SIZES) {
      const grid = priceGrid(tickSize);
      expect(grid.prices).toHaveLength(grid.ticks + 1);
      expect([grid.prices[0], grid.prices[1], grid.prices.at(-1)]).toEqual(['0', tickSize, '1']);
      grid.prices.forEach((price, tick) => {
        expect(price).toMatch(/^(0|1|0\.\d{0,3}[1-9])$/);
        expect(tickOfPrice(grid, price)).toBe(tick);
        expect(Number(price) * grid.ticks).toBeCloseTo(tick, 9);
      });
    }
  });

  test('is invalid between two ticks and outside of 0 to 1', () => {
    for (const price of ['0.123', '0.0101', '-0.01', '1.01', 'x'])
      expect(tickOfPrice(priceGrid('0.01'), price)).toBe(null);
  });
});

describe('a size', () => {
  test('has a text with up to six decimals and no trailing zeros, from which it is parsed back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900_000_000_000_000 }), (micro) => {
        expect(sizeText(micro)).toMatch(/^\d+(\.\d{0,5}[1-9])?$/);
        expect(microOfSize(sizeText(micro))).toBe(micro);
      }),
    );
  });

  test('stays exact where floats would not', () => {
    expect([216_216_215, 5_000_000, 100_000, 10_000, 1, 1_050_000, 30_000].map(sizeText)).toEqual([
      '216.216215',
      '5',
      '0.1',
      '0.01',
      '0.000001',
      '1.05',
      '0.03',
    ]);
  });
});
