import { describe, expect, test } from 'vitest';
import { BadAnswerRequestError, VenueSim, type VenueSimOptions } from '../../src/index.ts';
import { getJson, postJson } from './rest-client.ts';

const SILENT: VenueSimOptions = {
  oddSpellingShare: 0,
  markets: 60,
  openPerMinute: 0,
  closePerMinute: 0,
  tradesPerSecond: 0,
  oddMarkets: 0,
};

describe('a bad answer', () => {
  test.each([
    ['429', 429, /^text\/plain/, 'error code: 1015'],
    ['429-retry-after', 429, /^text\/plain/, 'error code: 1015'],
    ['500', 500, /^application\/json/, 'internal server error'],
    ['html', 200, /^text\/html/, '<!DOCTYPE html>'],
    ['403', 403, /^text\/html/, 'blocked'],
  ] as const)(
    'of type %s comes for the requested number of times, then the correct one',
    async (answer, status, type, text) => {
      await using venue = await VenueSim.start(SILENT);
      venue.rest.answerBadly({ host: 'gamma', answer, count: 2, retryAfterSeconds: 7 });
      const url = `${venue.urls.gamma}/markets/keyset`;
      for (let time = 0; time < 2; time += 1) {
        const response = await fetch(url);
        expect(response.status).toBe(status);
        expect(response.headers.get('content-type')).toMatch(type);
        expect(response.headers.get('retry-after')).toBe(answer === '429-retry-after' ? '7' : null);
        expect(await response.text()).toContain(text);
      }
      expect((await getJson(url)).markets).toHaveLength(20);
      expect(venue.status().rest.badAnswers).toBe(2);
    },
  );

  test('affects its host and path only, with and without prefix, until it is cleared', async () => {
    await using venue = await VenueSim.start(SILENT);
    venue.rest.answerBadly({ host: 'clob', path: '^/books$', answer: '500' });
    const base = venue.urls.clob.replace('/clob', '');
    const status = async (url: string, init?: RequestInit): Promise<number> => (await fetch(url, init)).status;
    const books = { method: 'POST', body: '[]' };
    expect(await status(`${venue.urls.clob}/books`, books)).toBe(500);
    expect(await status(`${base}/books`, books)).toBe(500);
    expect(await status(`${venue.urls.clob}/ok`)).toBe(200);
    expect(await status(`${venue.urls.gamma}/markets`)).toBe(200);
    venue.rest.answerRightly('gamma');
    expect(await status(`${venue.urls.clob}/books`, books)).toBe(500);
    venue.rest.answerRightly();
    expect(await status(`${venue.urls.clob}/books`, books)).toBe(200);
  });

  test('may be the correct one, but late', async () => {
    await using venue = await VenueSim.start(SILENT);
    venue.rest.answerBadly({ host: 'gamma', answer: 'slow', delayMs: 300, count: 1 });
    const startedAtMs = performance.now();
    expect((await getJson(`${venue.urls.gamma}/markets/keyset`)).markets).toHaveLength(20);
    expect(performance.now() - startedAtMs).toBeGreaterThan(290);
  });

  test('may be truncated', async () => {
    await using venue = await VenueSim.start(SILENT);
    venue.rest.answerBadly({ host: 'gamma', answer: 'truncated', count: 1 });
    const response = await fetch(`${venue.urls.gamma}/markets/keyset`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  test('may be none at all until it is cleared', async () => {
    await using venue = await VenueSim.start(SILENT);
    venue.rest.answerBadly({ host: 'data', answer: 'nothing' });
    const url = `${venue.urls.data}/v2/status`;
    await expect(fetch(url, { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
    const waiting = expect(fetch(url)).rejects.toThrow();
    let isAnswered = false;
    const settled = waiting.finally(() => {
      isAnswered = true;
    });
    while (venue.status().rest.badAnswers < 2) await new Promise((resolve) => setImmediate(resolve));
    // Clearing another host must not affect this one.
    venue.rest.answerRightly('gamma');
    expect((await fetch(`${venue.urls.clob}/ok`)).status).toBe(200);
    expect(isAnswered).toBe(false);
    venue.rest.answerRightly('data');
    await settled;
    expect((await fetch(url)).status).toBe(200);
  });

  test('may be a page whose cursor does not move', async () => {
    await using venue = await VenueSim.start(SILENT);
    venue.rest.answerBadly({ host: 'gamma', answer: 'repeated-cursor', count: 1 });
    const first = await getJson(`${venue.urls.gamma}/markets/keyset`);
    const second = await getJson(`${venue.urls.gamma}/markets/keyset?after_cursor=${first.next_cursor}`);
    expect(second.next_cursor).toBe(first.next_cursor);
    const again = await getJson(`${venue.urls.gamma}/markets/keyset?after_cursor=${first.next_cursor}`);
    expect(again.next_cursor).not.toBe(first.next_cursor);
  });

  test('may be a page with one malformed row', async () => {
    await using venue = await VenueSim.start(SILENT);
    const right = await getJson(`${venue.urls.gamma}/markets/keyset`);
    venue.rest.answerBadly({ host: 'gamma', answer: 'malformed-market', count: 1 });
    const { markets } = await getJson(`${venue.urls.gamma}/markets/keyset`);
    expect(markets.slice(1)).toEqual(right.markets.slice(1));
    expect(markets[0].conditionId).toEqual({ broken: true });
    const wanted = venue
      .openMarketList()
      .slice(0, 3)
      .map(({ tokenIds }) => ({ token_id: tokenIds[0] }));
    venue.rest.answerBadly({ host: 'clob', answer: 'malformed-market', count: 2 });
    const books = await postJson(`${venue.urls.clob}/books`, wanted);
    expect(books.map((book: { bids: unknown }) => Array.isArray(book.bids))).toEqual([false, true, true]);
    const prices = await postJson(`${venue.urls.clob}/prices`, wanted);
    expect(Object.values(prices).filter((price) => typeof price === 'object')).toHaveLength(2);
  });

  test('can be ordered over HTTP, which refuses invalid orders', async () => {
    await using venue = await VenueSim.start(SILENT);
    expect(await postJson(`${venue.urls.sim}/answers`, { host: 'data', answer: '500', count: 1 })).toMatchObject({
      badAnswers: 0,
    });
    expect((await fetch(`${venue.urls.data}/v2/status`)).status).toBe(500);
    expect(await postJson(`${venue.urls.sim}/answers/clear`)).toMatchObject({ badAnswers: 1 });
    for (const request of [
      { host: 'moon', answer: '500' },
      { host: 'gamma', answer: 'rude' },
      { host: 'gamma', answer: '500', count: 0 },
      { host: 'gamma', answer: '500', path: '(' },
    ]) {
      const response = await fetch(`${venue.urls.sim}/answers`, { method: 'POST', body: JSON.stringify(request) });
      expect(response.status).toBe(400);
      expect(() => venue.rest.answerBadly(request as never)).toThrow(BadAnswerRequestError);
    }
  });
});
