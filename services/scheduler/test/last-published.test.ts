import { describe, expect, test } from 'vitest';
import { LastPublished } from '../src/last-published.ts';

const HOUR_MS = 3_600_000;

describe('what was last published of a token', () => {
  test('is published again when it changes, and once an hour when it does not', () => {
    const published = new LastPublished({ refreshMs: HOUR_MS, random: () => 0 });
    expect(published.take('1', '0.4', 0)).toBe(true);
    expect(published.take('1', '0.4', 60_000)).toBe(false);
    expect(published.take('1', '0.5', 120_000)).toBe(true);
    expect(published.take('1', '0.5', 120_000 + HOUR_MS - 1)).toBe(false);
    expect(published.take('1', '0.5', 120_000 + HOUR_MS)).toBe(true);
    expect(published.take('2', '0.5', 120_000)).toBe(true);
  });

  test('is refreshed at different times where all began at once, and never later than it may', () => {
    let chance = 0;
    const published = new LastPublished({ refreshMs: HOUR_MS, random: () => chance });
    const tokens = Array.from({ length: 100 }, (_, index) => String(index));
    for (const [index, tokenId] of tokens.entries()) {
      chance = index / tokens.length;
      published.take(tokenId, '0.4', 0);
    }
    const refreshed = (nowMs: number) => tokens.filter((tokenId) => published.take(tokenId, '0.4', nowMs)).length;
    expect(refreshed(0.75 * HOUR_MS - 1)).toBe(0);
    expect(refreshed(0.875 * HOUR_MS)).toBe(50);
    expect(refreshed(HOUR_MS)).toBe(50);
  });

  test('is forgotten with its token', () => {
    const published = new LastPublished({ refreshMs: HOUR_MS });
    published.take('1', '0.4', 0);
    published.take('2', '0.4', 0);
    published.keepOnly(new Set(['2']));
    expect(published.take('1', '0.4', 1)).toBe(true);
    expect(published.take('2', '0.4', 1)).toBe(false);
  });
});
