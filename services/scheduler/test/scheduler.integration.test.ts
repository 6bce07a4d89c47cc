import { setTimeout as delay } from 'node:timers/promises';
import { ClobClient, DataClient, GammaClient, VenueHttp } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { deleteStreams } from '@polytape/test-servers';
import type { JobStatus, LeaderRecord, Shard } from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { JOB_NAMES, type JobName } from '../src/jobs/term-jobs.ts';
import { Leadership } from '../src/leadership/leadership.ts';
import { Scheduler } from '../src/scheduler.ts';
import { newCounters } from '../src/scheduler-counters.ts';
import { logBed } from './markets/log-bed.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe('the jobs of a scheduler', () => {
  test.each(['403', '500', 'html', '429'] as const)(
    'go on without a host that answers %s, which is tried again and comes back by itself',
    async (answer) => {
      await using s = await scheduling();
      await s.until(({ prices, books, resolutions }) => [prices, books, resolutions].every(isWorking));
      s.venue.rest.answerBadly({ host: 'clob', answer });
      await s.until(({ prices, books }) => [prices, books].every(({ failure }) => failure !== null));
      const before = s.jobs();
      await s.until((jobs) => jobs['discovery-scan'].runs > before['discovery-scan'].runs + 2);
      await s.until((jobs) => jobs.resolutions.runs > before.resolutions.runs + 2);
      expect(s.scheduler.readiness()).toEqual([]); // trades are recorded all the same
      s.venue.rest.answerRightly();
      await s.until(({ prices, books }) => [prices, books].every(isWorking));
      expect(s.jobs().prices).toMatchObject({ items: 10, errors: 0 });
    },
  );

  test('name the outage while the first scan waits for the venue, which is tried again and again', async () => {
    await using s = await scheduling({ answer: '500', tries: 1_000 });
    const named = [
      expect.stringMatching(/^127\.0\.0\.1:\d+ is unavailable for \/gamma\/markets\/keyset: answered 500/),
    ];
    await expect.poll(() => s.scheduler.readiness(), { timeout: 20_000 }).toEqual(named);
    expect(s.jobs()['discovery-scan']).toMatchObject({ isRunning: true, failure: null });
    s.venue.rest.answerRightly();
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    expect(s.scheduler.readiness()).toEqual([]);
  });

  test('make the scheduler unready only where no scan succeeds', async () => {
    await using s = await scheduling();
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    expect(s.scheduler.readiness()).toEqual([]);
    s.venue.rest.answerBadly({ host: 'gamma', answer: '500' });
    await s.until((jobs) => jobs['discovery-scan'].failure !== null);
    expect(s.scheduler.readiness()).toEqual([expect.stringContaining('is unavailable for /gamma/markets/keyset')]);
    s.venue.rest.answerRightly();
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    expect(s.scheduler.readiness()).toEqual([]);
  });
});

describe('the plan of a scheduler', () => {
  test('is made anew, whole, when its bucket was deleted', async () => {
    await using s = await scheduling();
    const [before] = await s.planned(10);
    await deleteStreams(s.url, ['KV_shards']);
    const [after] = await s.planned(10); // nobody else has changed anything: it sees for itself
    expect(new Set(after)).toEqual(new Set(before));
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    expect(s.scheduler.stats()).toMatchObject({ shards: 1, tokens: 10, markets: { pending: 0 } });
  }, 40_000);

  test('is made anew when somebody else deletes a shard', async () => {
    await using s = await scheduling();
    const [before] = await s.planned(10);
    await s.shards.delete('0');
    const [after] = await s.planned(10);
    expect(new Set(after)).toEqual(new Set(before));
  });
});

function isWorking({ runs, failure, lastSuccessAtMs }: JobStatus): boolean {
  return runs > 0 && failure === null && lastSuccessAtMs !== null;
}

/** A scheduler that leads on its own log, against a quiet venue of five markets, its jobs a few times a second. */
async function scheduling(o: { answer?: '500'; tries?: number } = {}) {
  await using resources = new AsyncDisposableStack();
  const silent = Object.assign(Object.create(log), { info: () => {}, warn: () => {}, error: () => {} }) as typeof log;
  const bed = resources.use(await logBed());
  const quiet = { tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0, oddMarkets: 0, trading: false };
  const venue = resources.use(await VenueSim.start({ ...quiet, markets: 5 }));
  if (o.answer !== undefined) venue.rest.answerBadly({ host: 'gamma', answer: o.answer });
  const http = new VenueHttp({ log: silent, triesMax: o.tries ?? 1, backoffMsMin: 1, backoffMsMax: 2 });
  const schedules = Object.fromEntries(
    JOB_NAMES.map((name) => [name, { name, intervalMs: 200, timeoutMs: 60_000, isOnTheClock: false }]),
  ) as Record<JobName, { name: JobName; intervalMs: number; timeoutMs: number; isOnTheClock: boolean }>;
  const shards = await bed.bus.kv<Shard>('shards');
  const scheduler = new Scheduler({
    schedulerId: 'scheduler-a',
    bus: bed.bus,
    leadership: new Leadership({
      ...{ bucket: await bed.bus.kv<LeaderRecord>('leader'), schedulerId: 'scheduler-a', log: silent },
    }),
    shards,
    gamma: new GammaClient({ url: venue.urls.gamma, http }),
    clob: new ClobClient({ url: venue.urls.clob, http }),
    data: new DataClient({ url: venue.urls.data, http }),
    ...{ schedules, shrinkPercentMax: 20, figuresIntervalMs: 0, booksTokensMax: 0 },
    limits: { tokensTarget: 400, tokensMax: 500, openAtTokens: 50, openAfterMs: 1_000, movesMax: 10 },
    ...{ counters: newCounters(), log: silent },
  });
  const stop = new AbortController();
  const running = scheduler.run(stop.signal);
  resources.defer(async () => {
    stop.abort(new Error('stopped by the test'));
    await running;
  });
  const owned = resources.move();
  const jobs = () => Object.fromEntries(scheduler.jobs().map((job) => [job.name, job])) as Record<JobName, JobStatus>;
  return {
    ...{ venue, scheduler, jobs, shards, url: bed.url },
    /** The tokens of each shard, as soon as the bucket has so many of them. */
    planned: async (tokens: number): Promise<string[][]> => {
      for (;;) {
        const plan = await shards.list().catch(() => new Map<string, { value: Shard }>()); // it is away for a moment
        const found = [...plan.values()].map(({ value }) => value.tokens.map(({ tokenId }) => tokenId));
        if (found.flat().length === tokens) return found;
        await delay(20);
      }
    },
    /** Looks again and again: the jobs tell nobody when they have run. */
    until: async (isTrue: (jobs: Record<JobName, JobStatus>) => boolean) => {
      while (!isTrue(jobs())) await delay(20);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
