import type { ShardService } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportedLacking, reportedMissing } from '../../src/recording/reported-tokens.ts';

describe('the missing tokens in the key', () => {
  test('are complete while they are few', () => {
    const missing = new Map([
      [3, ['a', 'b']],
      [4, []],
      [7, ['c']],
    ]);
    expect(reportedMissing(missing, { round: 1 })).toEqual(
      new Map([
        [3, ['a', 'b']],
        [7, ['c']],
      ]),
    );
  });

  test('never exceed the limits, and include those of every shard in some round', () => {
    const shards = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(shards, (sizes) => {
        const missing = new Map(sizes.map((size, shard) => [shard, Array.from({ length: size }, (_, at) => `${at}`)]));
        const seen = new Set<number>();
        for (let round = 0; round < sizes.length; round += 1) {
          const reported = reportedMissing(missing, { round, tokensMax: 250 });
          const tokens = [...reported.values()].map(({ length }) => length);
          expect(tokens.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(250);
          expect(Math.max(0, ...tokens)).toBeLessThanOrEqual(200);
          for (const shard of reported.keys()) seen.add(shard);
        }
        expect(seen.size).toBe(sizes.filter((size) => size > 0).length);
      }),
    );
  });
});

describe('the tokens without a first book in the key', () => {
  const lacking = (tokens: number): ShardService => ({
    ...{ state: 'covered', version: 7 },
    lacking: Array.from({ length: tokens }, (_, at) => `${at}`),
  });

  test('are complete if they fit', () => {
    const services = new Map([
      [1, lacking(3)],
      [2, { state: 'covered', version: 7 } as const],
    ]);
    expect(reportedLacking(services, 3)).toEqual(services);
  });

  test('are those of the shards that lack the fewest; a shard whose list does not fit counts as opening', () => {
    const empty: ShardService = { state: 'opening', version: 7, lacking: 'all' };
    const services = new Map([
      [1, lacking(5)],
      [2, lacking(1)],
      [3, empty],
      [4, lacking(2)],
    ]);
    expect(reportedLacking(services, 4)).toEqual(
      new Map([
        [1, { state: 'opening', version: 7 }],
        [2, lacking(1)],
        [3, empty],
        [4, lacking(2)],
      ]),
    );
  });
});
