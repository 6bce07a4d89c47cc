import { describe, expect, test } from 'vitest';
import { LastPublished } from '../../src/snapshots/last-published.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('the last snapshot of a token', () => {
  test('is replaced when it changes, and once an hour when it does not', () => {
    const { take } = published();
    expect(take('1', '0.4', 0)).toBe(true);
    expect(take('1', '0.4', MINUTE_MS)).toBe(false);
    expect(take('1', '0.5', 2 * MINUTE_MS)).toBe(true);
    expect(take('1', '0.5', 2 * MINUTE_MS + HOUR_MS - 1)).toBe(false);
    expect(take('1', '0.5', 2 * MINUTE_MS + HOUR_MS)).toBe(true);
    expect(take('2', '0.5', 2 * MINUTE_MS)).toBe(true);
  });

  test('is refreshed at another time than those of tokens that began with it, and never too late', () => {
    let chance = 0;
    const { take } = published({ random: () => chance });
    const tokens = Array.from({ length: 100 }, (_, index) => String(index));
    for (const [index, tokenId] of tokens.entries()) {
      chance = index / tokens.length;
      take(tokenId, '0.4', 0);
    }
    const refreshed = (nowMs: number) => tokens.filter((tokenId) => take(tokenId, '0.4', nowMs)).length;
    expect(refreshed(0.75 * HOUR_MS - 1)).toBe(0);
    expect(refreshed(0.875 * HOUR_MS)).toBe(50);
    expect(refreshed(HOUR_MS)).toBe(50);
  });

  test('is forgotten with its token', async () => {
    const { last, take } = published();
    take('1', '0.4', 0);
    take('2', '0.4', 0);
    await last.keepOnly(new Set(['2']));
    expect(take('1', '0.4', MINUTE_MS)).toBe(true);
    expect(take('2', '0.4', MINUTE_MS)).toBe(false);
  });

  test('is kept apart from those of thousands of others, also in the place of forgotten ones', async () => {
    const { last, take } = published();
    const tokens = Array.from({ length: 5_000 }, (_, index) => String(index));
    for (const tokenId of tokens) take(tokenId, `price of ${tokenId}`, 0);
    await last.keepOnly({ has: (tokenId) => Number(tokenId) % 2 === 0 });
    const young = Array.from({ length: 4_000 }, (_, index) => `young ${index}`);
    for (const tokenId of young) expect(take(tokenId, `price of ${tokenId}`, MINUTE_MS)).toBe(true);
    const kept = tokens.filter((tokenId) => Number(tokenId) % 2 === 0);
    const changed = [...kept, ...young].filter((tokenId) => take(tokenId, `price of ${tokenId}`, 2 * MINUTE_MS));
    expect(changed).toEqual([]);
  });

  test('is not replaced in its interval: a repeated run leaves its reading to the next one', () => {
    const { take } = published();
    expect(take('1', '0.4', 1_000)).toBe(true);
    expect(take('1', '0.5', 20_000)).toBe(false);
    expect(take('1', '0.5', MINUTE_MS)).toBe(true);
    expect(take('1', '0.5', 2 * MINUTE_MS)).toBe(false);
  });

  test('is published again after the interval in which the term began, where an earlier leader may have been first', () => {
    const { take } = published({ termBeganAtMs: 30_000 });
    expect(take('1', '0.5', 31_000)).toBe(true);
    expect(take('1', '0.5', MINUTE_MS)).toBe(true);
    expect(take('1', '0.5', 2 * MINUTE_MS)).toBe(false);
  });

  test('is published again once a clock that was set back reaches a new interval', () => {
    const { take } = published();
    expect(take('1', '0.4', 10 * MINUTE_MS)).toBe(true);
    expect(take('1', '0.4', 8 * MINUTE_MS)).toBe(false);
    expect(take('1', '0.5', 9 * MINUTE_MS)).toBe(true); // the tape may have 9 already
    expect(take('1', '0.5', 10 * MINUTE_MS)).toBe(false); // and has 10
    expect(take('1', '0.5', 11 * MINUTE_MS)).toBe(true);
    expect(take('1', '0.5', 12 * MINUTE_MS)).toBe(false);
  });

  test('does not wait for a clock that was set back by days', () => {
    const { take } = published();
    take('1', '0.4', 100 * HOUR_MS);
    expect(take('1', '0.4', HOUR_MS)).toBe(true);
    expect(take('1', '0.4', HOUR_MS + MINUTE_MS)).toBe(true);
    expect(take('1', '0.4', HOUR_MS + 2 * MINUTE_MS)).toBe(false);
  });

  test('is published again when it was rejected', () => {
    const { last, take } = published();
    take('1', '0.4', 0);
    last.rejected('1');
    expect(take('1', '0.4', MINUTE_MS)).toBe(true);
    expect(take('1', '0.4', 2 * MINUTE_MS)).toBe(false);
  });
});

/** Intervals of a minute. */
function published(o: { termBeganAtMs?: number; random?: () => number } = {}) {
  const last = new LastPublished({ refreshMs: HOUR_MS, termBeganAtMs: -1, random: () => 0, ...o });
  const take = (tokenId: string, content: string, nowMs: number) =>
    last.take(tokenId, content, { intervalStartMs: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS, nowMs });
  return { last, take };
}
