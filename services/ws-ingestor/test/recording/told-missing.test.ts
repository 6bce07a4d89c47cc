import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toldMissing } from '../../src/recording/told-missing.ts';

describe('of the missing tokens', () => {
  test('all are told while they are few', () => {
    const missing = new Map([
      [3, ['a', 'b']],
      [4, []],
      [7, ['c']],
    ]);
    expect(toldMissing(missing, { round: 1 })).toEqual(
      new Map([
        [3, ['a', 'b']],
        [7, ['c']],
      ]),
    );
  });

  test('never more are told than fit, and those of every shard in some round', () => {
    const shards = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(shards, (sizes) => {
        const missing = new Map(sizes.map((size, shard) => [shard, Array.from({ length: size }, (_, at) => `${at}`)]));
        const seen = new Set<number>();
        for (let round = 0; round < sizes.length; round += 1) {
          const told = toldMissing(missing, { round, tokensMax: 250 });
          const tokens = [...told.values()].map(({ length }) => length);
          expect(tokens.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(250);
          expect(Math.max(0, ...tokens)).toBeLessThanOrEqual(200);
          for (const shard of told.keys()) seen.add(shard);
        }
        expect(seen.size).toBe(sizes.filter((size) => size > 0).length);
      }),
    );
  });
});
