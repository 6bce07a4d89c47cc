import { describe, expect, test } from 'vitest';
import { venueTimeMs } from '../src/venue-time.ts';

describe('a time of Gamma', () => {
  test.each([
    ['2026-07-24 00:00:16+00', '2026-07-24T00:00:16.000Z'],
    ['2026-07-23T02:48:35.302901Z', '2026-07-23T02:48:35.302Z'],
    ['2026-07-24T00:00:00Z', '2026-07-24T00:00:00.000Z'],
    ['2026-04-01T18:24:05.41Z', '2026-04-01T18:24:05.410Z'],
    ['2023-11-02 21:16:51.647+00', '2023-11-02T21:16:51.647Z'],
    ['2026-07-24 05:30:00+05:30', '2026-07-24T00:00:00.000Z'],
    ['2026-07-24 05:30:00+0530', '2026-07-24T00:00:00.000Z'],
    ['2026-07-24', '2026-07-24T00:00:00.000Z'],
  ])('%s means %s', (text, iso) => {
    expect(new Date(venueTimeMs(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  test.each([
    '',
    'tomorrow',
    '2026-07-24 00:00:16',
    '2026-13-40',
    '2026-07-24T25:00:00Z',
    1784851216000,
    null,
    undefined,
  ])('%j counts as none', (value) => {
    expect(venueTimeMs(value)).toBeNull();
  });
});
