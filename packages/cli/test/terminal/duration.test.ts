import { describe, expect, test } from 'vitest';
import { parseDurationMs } from '../../src/terminal/duration.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    [' 20s ', 20_000],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  test.each(['', '30', 's', '-1s', '0s', '1d', '1 s', 'soon', '1s2s', '0.5ms', '600h', '99999999999999999999h'])(
    'is not %j',
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );
});
