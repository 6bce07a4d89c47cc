import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tradesDue } from '../../src/exchange/trading-clock.ts';

const BURST = { factor: 4, everyMs: 20_000, lengthMs: 1_000 };

describe('the number of trades due', () => {
  test('grows steadily without bursts', () => {
    expect([0, 10, 500, 1_000, 60_000].map((ms) => tradesDue(ms, { perSecond: 50, burst: null }))).toEqual([
      0, 0, 25, 50, 3_000,
    ]);
  });

  test('grows several times as fast in a burst, with the same mean', () => {
    const due = (ms: number): number => tradesDue(ms, { perSecond: 2_300, burst: BURST });
    expect(due(20_000)).toBe(46_000);
    expect(due(2_000) - due(1_000)).toBe(2_000);
    expect(due(20_000) - due(19_000)).toBe(8_000);
    expect(due(39_000) - due(20_000)).toBe(38_000);
  });

  test('never shrinks, and skips none at the edges of a burst', () => {
    const args = [
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.double({ min: 0, max: 1_000, noNaN: true }),
    ] as const;
    fc.assert(
      fc.property(...args, (atMs, laterMs) => {
        const pace = { perSecond: 2_300, burst: BURST };
        const more = tradesDue(atMs + laterMs, pace) - tradesDue(atMs, pace);
        expect(more).toBeGreaterThanOrEqual(0);
        expect(more).toBeLessThanOrEqual(8 * laterMs + 1.1);
        expect(more).toBeGreaterThanOrEqual(2 * laterMs - 1.1);
      }),
    );
  });
});
