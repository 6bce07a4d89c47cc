import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../src/backoff.ts';

describe('the backoff', () => {
  const wait = (failures: number, random: number) => backoffMs({ failures, minMs: 1_000, maxMs: 30_000, random });

  test('doubles from 1 s to 30 s, half of it random', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => wait(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ]);
    expect([1, 2, 3, 4, 5, 6].map((failures) => wait(failures, 1))).toEqual([
      2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect(wait(2, 0.5)).toBe(3_000);
  });

  test('stays within its limits', () => {
    const failures = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        failures,
        random,
        fc.integer({ min: 1, max: 10_000 }),
        fc.nat(100_000),
        (failures, random, minMs, more) => {
          const ms = backoffMs({ failures, minMs, maxMs: minMs + more, random });
          expect(ms).toBeGreaterThanOrEqual(minMs);
          expect(ms).toBeLessThanOrEqual(minMs + more);
        },
      ),
    );
  });
});
