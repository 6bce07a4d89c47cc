import { describe, expect, test } from 'vitest';
import { retryAfterMs } from '../../src/http/retry-after.ts';

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-11-20T12:00:00Z');

  test.each([
    ['7', 7_000],
    ['0', 0],
    [' 120 ', 120_000],
    ['0.5', 500],
    ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
    ['Fri, 20 Nov 2026 11:59:30 GMT', 0],
    ['Friday, 20-Nov-26 12:01:00 GMT', 60_000],
    [null, null],
    [undefined, null],
    ['', null],
    ['soon', null],
    ['-5', null],
    ['1e9', null],
    ['2026', 2_026_000],
    ['99999999999999999999', null],
    ['Frightfully late', null],
  ])('%j asks for %j ms', (header, ms) => {
    expect(retryAfterMs(header, nowMs)).toBe(ms);
  });
});
