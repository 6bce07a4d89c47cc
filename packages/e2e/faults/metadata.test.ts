import { describe, expect, test } from 'vitest';
import { keepsToTheLimits, readInRounds, recoverFromBadAnswers, TestBed, until } from '../src/index.ts';

describe('prices, books and documents', () => {
  test('of 2,000 markets are all read in each round, within their intervals and the limits of the venue', async () => {
    await readInRounds({ markets: 2_000, intervalMs: 10_000 });
  }, 120_000);

  test('are requested no more often than the venue allows, whatever the interval', async () => {
    await using bed = await TestBed.open({ markets: 1_000, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    // Each round has 8 requests: without a limit about 800 in 10 s, where the venue allows 500.
    const scheduler = await bed.start('scheduler', { PRICES_INTERVAL_MS: '100', BOOKS_INTERVAL_MS: '0' });
    const asked = () => bed.venue.rest.rates().find(({ rule }) => rule === '/prices')?.requests ?? 0;
    await until('400 requests for prices', () => asked() >= 400, { seen: () => `There were ${asked()}.` });
    keepsToTheLimits(bed);
    expect(await scheduler.metric('polytape_scheduler_job_overruns_total', { job: 'prices' })).toBeGreaterThan(0);
  });

  test('recover by themselves after bad answers of a host, which are logged once and stop no other job', async () => {
    await recoverFromBadAnswers({
      troubles: [
        ['clob', '429'],
        ['gamma', '429-retry-after'],
        ['clob', '500'],
        ['gamma', 'html'],
        ['clob', '403'],
        ['gamma', '403'],
      ],
    });
  }, 150_000);
});
