import { expect, test } from 'vitest';
import { isOvertaken } from '../../src/markets/market-log.ts';

const CLOSED = { closed: true, seenAtMs: 5_000, resolution: null };
const REOPENED = {
  ...{ closed: false, seenAtMs: 9_000 },
  resolution: {
    ...({ state: 'reopened', step: 2, settlement: null, method: 'gamma', exchangeAtMs: null } as const),
    ...{ seenAtMs: 7_000, reopenedAtMs: 7_000 },
  },
};

test('an answer that says open is overtaken if it was requested before the closing was known', () => {
  expect(isOvertaken({ closed: false, askedAtMs: 4_999 }, CLOSED)).toBe(true);
  expect(isOvertaken({ closed: false, askedAtMs: 5_000 }, CLOSED)).toBe(false);
  expect(isOvertaken({ closed: true, askedAtMs: 0 }, CLOSED)).toBe(false);
});

test('an answer that says closed is overtaken if it was requested before the reopening was known', () => {
  expect(isOvertaken({ closed: true, askedAtMs: 6_999 }, REOPENED)).toBe(true);
  expect(isOvertaken({ closed: true, askedAtMs: 7_000 }, REOPENED)).toBe(false);
});

test('an answer about a market without a contrary state is never overtaken', () => {
  expect(isOvertaken({ closed: true, askedAtMs: 0 }, { ...REOPENED, resolution: null })).toBe(false);
  expect(isOvertaken({ closed: false, askedAtMs: 0 }, null)).toBe(false);
});
