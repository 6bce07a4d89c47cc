import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { retryDelayMs } from '../../src/connection/retry-delay.ts';

const limits = { firstMs: 100, lastMs: 5_000 };

describe('the delay before a retry', () => {
  test('doubles up to its last value', () => {
    expect([1, 2, 3, 6, 7, 100].map((attempt) => retryDelayMs(attempt, limits, 0))).toEqual([
      100, 200, 400, 3_200, 5_000, 5_000,
    ]);
  });

  test('is never less than half of that and never more than that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempt, random) => {
          const fullMs = retryDelayMs(attempt, limits, 0);
          const delayMs = retryDelayMs(attempt, limits, random);
          expect(delayMs).toBeLessThanOrEqual(fullMs);
          expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
        },
      ),
    );
  });
});
