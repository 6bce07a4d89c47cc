import { expect } from 'vitest';
import type { ServiceUnderTest } from '../service-under-test.ts';
import { TestBed } from '../test-bed.ts';
import { until } from '../until.ts';

/**
 * Reads prices, books and documents of this number of markets twice, one round per interval. Expects that each round has all of
 * them, ends in time, and keeps to the venue's rate limits. Prints the figures.
 */
export async function readInRounds(o: { markets: number; intervalMs: number }): Promise<void> {
  const { markets } = o;
  const tokens = 2 * markets;
  const interval = String(o.intervalMs);
  await using bed = await TestBed.open({ markets, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
  bed.venue.rest.giveWrongHashes(markets / 2);
  await bed.start('writer');
  const scheduler = await bed.start('scheduler', {
    DISCOVERY_INTERVAL_MS: interval,
    DISCOVERY_SCAN_INTERVAL_MS: interval,
    PRICES_INTERVAL_MS: interval,
    BOOKS_INTERVAL_MS: interval,
    RESOLUTIONS_INTERVAL_MS: interval,
  });
  await scheduler.untilMetric('polytape_scheduler_job_items', (items) => items === markets, {
    job: 'discovery-scan',
  });
  const readTwice = async (job: string): Promise<string> => {
    // Two whole rounds: unchanged values are read, but not published.
    await scheduler.untilMetric('polytape_scheduler_job_items', (items) => items === tokens, { job });
    const runs = (await scheduler.metric('polytape_scheduler_job_runs_total', { job })) ?? 0;
    await scheduler.untilMetric('polytape_scheduler_job_runs_total', (now) => now > runs, { job });
    expect(await scheduler.metric('polytape_scheduler_job_items', { job })).toBe(tokens);
    return `${job} in ${await scheduler.metric('polytape_scheduler_job_duration_seconds', { job })} s`;
  };
  const figures = await Promise.all(CLOB_JOBS.map(readTwice));
  for (const job of CLOB_JOBS) expect(await scheduler.metric('polytape_scheduler_job_overruns_total', { job })).toBe(0);
  for (const job of JOBS) expect(await scheduler.metric('polytape_scheduler_job_failures_total', { job })).toBe(0);
  for (const stream of ['MARKETS', 'EVENTS', 'PRICES', 'BOOKS'] as const) await bed.stored(stream);
  const [stored] = await bed.probe.rows(
    `SELECT (SELECT count(*)::int FROM markets) AS markets,
            (SELECT count(DISTINCT token_id)::int FROM price_tape) AS priced,
            (SELECT count(DISTINCT token_id)::int FROM book_tape) AS read,
            (SELECT count(*)::int FROM book_tape WHERE NOT is_hash_right) AS wrong,
            (SELECT count(*)::int FROM price_tape WHERE midpoint NOT BETWEEN best_bid AND best_ask) AS odd`,
  );
  expect(stored).toMatchObject({ markets, priced: tokens, read: tokens, odd: 0 });
  // A few books had a wrong hash: they are kept, and marked.
  expect(stored?.wrong).toBeGreaterThan(0);

  keepsToTheLimits(bed);
  const asked = bed.venue.rest
    .rates()
    .filter(({ requests }) => requests > 0)
    .map(({ host, rule, requests, most }) => `${host} ${rule} ${requests} (${most} in 10 s)`);
  const memory = (await scheduler.metric('process_resident_memory_bytes')) ?? 0;
  console.log(`metadata: ${figures.join(', ')}; ${Math.round(memory / 1e6)} MB; ${asked.join(', ')}`);
}

/** A way to answer badly, and the host that does it. */
export type Trouble = readonly ['clob' | 'gamma', '429' | '429-retry-after' | '500' | 'html' | '403'];

/**
 * Lets hosts answer badly, one after the other, while the Data API does not answer at all. Expects one log record for each
 * trouble, fewer requests, other jobs that go on, and new prices and books in the end.
 */
export async function recoverFromBadAnswers(o: { troubles: readonly Trouble[] }): Promise<void> {
  await using bed = await TestBed.open({
    markets: 40,
    oddMarkets: 0,
    tradesPerSecond: 100,
    openPerMinute: 0,
    closePerMinute: 0,
    gammaFiguresAgeMs: 0,
  });
  await bed.start('writer');
  const scheduler = await bed.start('scheduler', {
    DISCOVERY_INTERVAL_MS: '400',
    DISCOVERY_SCAN_INTERVAL_MS: '700',
    PRICES_INTERVAL_MS: '300',
    BOOKS_INTERVAL_MS: '500',
    RESOLUTIONS_INTERVAL_MS: '400',
  });
  bed.venue.startTrading();
  for (const job of [...GAMMA_JOBS, ...CLOB_JOBS, 'resolutions']) await worked(scheduler, job);
  await worked(scheduler, 'prices');

  // The Data API does not answer at all meanwhile, which is noticed late.
  const [closed] = bed.venue.openMarketList();
  bed.venue.rest.answerBadly({ host: 'data', answer: 'nothing' });
  bed.venue.life.endTrading(closed?.conditionId ?? '');

  for (const [host, answer] of o.troubles) {
    const [troubled, going] = host === 'gamma' ? [GAMMA_JOBS, CLOB_JOBS] : [CLOB_JOBS, GAMMA_JOBS];
    const before = scheduler.process.records.length;
    const given = bed.venue.status().rest.badAnswers;
    const beganAtMs = Date.now();
    bed.venue.rest.answerBadly({ host, answer });
    await until(`${host} asked again and again`, () => bed.venue.status().rest.badAnswers >= given + 4);
    for (const job of going) await worked(scheduler, job);
    bed.venue.rest.answerRightly(host);
    const asked = bed.venue.status().rest.badAnswers - given;
    const seconds = (Date.now() - beganAtMs) / 1_000;
    for (const job of troubled) await worked(scheduler, job);

    // Three jobs query Gamma and two the CLOB, each several times a second while the hosts answer.
    expect(asked, `${answer} of ${host}: asked ${asked} times in ${seconds} s`).toBeLessThan(3 * (2 + seconds));
    const complaints = scheduler.process.records
      .slice(before)
      .filter(({ level, msg }) => ['warn', 'error'].includes(level) && msg.includes(`/${host}/`))
      .map(({ msg }) => msg.replace(/ Trying again in .*/, ''));
    expect(complaints, `${answer} of ${host}`).not.toEqual([]);
    expect([...new Set(complaints)]).toEqual(complaints);
  }
  await scheduler.process.record(/\/data\/v2\/resolutions.*timed out/);
  bed.venue.rest.answerRightly();
  const rightSince = new Date();
  await worked(scheduler, 'resolutions');
  await until('new prices and books in the database', async () => {
    const [row] = await bed.probe.rows<{ isThere: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM price_tape WHERE seen_at > $1)
          AND EXISTS (SELECT 1 FROM book_tape WHERE seen_at > $1) AS "isThere"`,
      [rightSince],
    );
    return row?.isThere;
  });
  await bed.venue.stopTrading();
}

/**
 * Checks every limit of the venue. The clients begin at most 70 % of it in any 10 s; the venue counts arrivals, and a few
 * requests that took longer arrive together with the next ones.
 */
export function keepsToTheLimits(bed: TestBed): void {
  for (const { host, rule, limit, most } of bed.venue.rest.rates()) {
    expect(most, `${host} ${rule}: ${most} in 10 s`).toBeLessThanOrEqual(limit * 0.75);
  }
}

/** Resolves when this job has succeeded again. */
async function worked(scheduler: ServiceUnderTest, job: string): Promise<void> {
  const name = 'polytape_scheduler_job_last_success_timestamp_seconds';
  const before = (await scheduler.metric(name, { job })) ?? 0;
  await scheduler.untilMetric(name, (now) => now > before, { job });
}

const GAMMA_JOBS = ['discovery', 'discovery-scan'];
const CLOB_JOBS = ['prices', 'books'];
const JOBS = [...GAMMA_JOBS, ...CLOB_JOBS, 'resolutions'];
