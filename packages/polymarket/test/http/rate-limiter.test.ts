import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RATE_RULES, RateLimiter } from '../../src/http/rate-limiter.ts';

describe('the rate limiter', () => {
  const rule = { name: 'markets', requestsMax: 300, windowMs: 10_000 };

  test('lets a tenth start at once, and the rest at an even pace', () => {
    const limiter = new RateLimiter();
    const waits = Array.from({ length: 33 }, () => Math.round(limiter.reserve([rule], 0)));
    expect(waits.slice(0, 30)).toEqual(Array(30).fill(0));
    expect(waits.slice(30)).toEqual([56, 111, 167]);
  });

  test('lets at most 70 % of any rule start within any window', () => {
    const rules = [rule, { name: 'all', requestsMax: 200, windowMs: 3_000 }];
    const gaps = fc.array(
      fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 4_000 })),
      {
        minLength: 300,
        maxLength: 600,
      },
    );
    fc.assert(
      fc.property(gaps, (gapsMs) => {
        const limiter = new RateLimiter();
        let nowMs = 0;
        const startsMs = gapsMs.map((gapMs) => {
          nowMs += gapMs;
          return nowMs + limiter.reserve(rules, nowMs);
        });
        for (const { requestsMax, windowMs } of rules) {
          for (const fromMs of startsMs) {
            const within = startsMs.filter((startMs) => startMs >= fromMs && startMs < fromMs + windowMs).length;
            expect(within).toBeLessThanOrEqual(requestsMax * 0.7 + 1);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test('does not delay a request after a quiet time', () => {
    const limiter = new RateLimiter();
    for (let count = 0; count < 200; count += 1) limiter.reserve([rule], 0);
    expect(limiter.reserve([rule], 60_000)).toBe(0);
  });

  test('counts a request under each of its rules, separately', () => {
    const limiter = new RateLimiter();
    const narrow = { name: 'narrow', requestsMax: 10, windowMs: 1_000 };
    expect(limiter.reserve([rule, narrow], 0)).toBe(0);
    expect(limiter.reserve([rule, narrow], 0)).toBeGreaterThan(100);
    expect(limiter.reserve([rule], 0)).toBe(0);
  });

  test('lets nothing start while the venue wants rest', () => {
    const limiter = new RateLimiter();
    limiter.holdUntil(5_000);
    limiter.holdUntil(3_000);
    expect(limiter.reserve([rule], 1_000)).toBe(4_000);
    expect([limiter.isHeld(4_999), limiter.isHeld(5_000)]).toEqual([true, false]);
    expect(limiter.reserve([rule], 6_000)).toBe(0);
  });

  test('knows the venue’s published limits', () => {
    expect(Object.values(RATE_RULES).map(({ name, requestsMax, windowMs }) => [name, requestsMax, windowMs])).toEqual([
      ['all hosts', 15_000, 10_000],
      ['gamma', 4_000, 10_000],
      ['gamma lists', 900, 10_000],
      ['gamma markets', 300, 10_000],
      ['clob', 9_000, 10_000],
      ['clob books', 500, 10_000],
      ['clob prices', 500, 10_000],
      ['clob last trades', 500, 10_000],
      ['data', 800, 10_000],
    ]);
  });
});
