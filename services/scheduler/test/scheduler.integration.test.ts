import { setTimeout as delay } from 'node:timers/promises';
import { ClobClient, DataClient, GammaClient, VenueHttp } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { deleteStreams } from '@polytape/test-servers';
import {
  eventSubject,
  type JobStatus,
  type LeaderRecord,
  type LifecycleEvent,
  lifecycleMessageId,
  type MarketFact,
  type Shard,
} from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { JOB_NAMES, type JobName } from '../src/jobs/term-jobs.ts';
import { LastingPublishers } from '../src/lasting-publishers.ts';
import { Leadership } from '../src/leadership/leadership.ts';
import { INQUIRY_LIMITS, type InquiryLimits } from '../src/markets/inquiries.ts';
import { Scheduler, type SchedulerOptions } from '../src/scheduler.ts';
import { newCounters } from '../src/scheduler-counters.ts';
import { logBed } from './markets/log-bed.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe.concurrent('the jobs of a scheduler', () => {
  test.each(['403', '500', 'html', '429'] as const)(
    'continue without a host that answers %s, and with it when it recovers',
    async (answer) => {
      await using s = await scheduling();
      await s.until(({ prices, books, resolutions }) => [prices, books, resolutions].every(isWorking));
      s.venue.rest.answerBadly({ host: 'clob', answer });
      await s.until(({ prices, books }) => [prices, books].every(({ failure }) => failure !== null));
      const before = s.jobs();
      await s.until((jobs) => jobs['discovery-scan'].runs > before['discovery-scan'].runs + 2);
      await s.until((jobs) => jobs.resolutions.runs > before.resolutions.runs + 2);
      expect(s.scheduler.readiness()).toEqual([]); // trades are still recorded
      s.venue.rest.answerRightly();
      await s.until(({ prices, books }) => [prices, books].every(isWorking));
      expect(s.jobs().prices).toMatchObject({ items: 10, errors: 0 });
    },
  );

  test('name the outage while the first scan retries', async ({ expect }) => {
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

  test('make the scheduler unready only if scans fail', async () => {
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

describe.concurrent('a scheduler whose documents JetStream does not acknowledge', () => {
  test('reports for how long, and recovers', async () => {
    await using s = await scheduling();
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    await s.untilTrue(() => s.scheduler.status().unacknowledged.messages === 0);
    expect(s.scheduler.readiness()).toEqual([]);
    await s.acknowledges('EVENTS', false);
    s.venue.openMarkets(1);
    s.gammaListsAll();
    await s.untilTrue(() => s.scheduler.readiness().length > 0);
    expect(s.scheduler.readiness()).toEqual([expect.stringMatching(/JetStream has not acknowledged .* for \d+ s/)]);
    const { messages, oldestAtMs } = s.scheduler.status().unacknowledged;
    expect(messages).toBeGreaterThan(0);
    expect(Date.now() - (oldestAtMs ?? Date.now())).toBeGreaterThanOrEqual(500);
    await s.acknowledges('EVENTS', true);
    await s.untilTrue(() => s.scheduler.readiness().length === 0);
    await s.untilTrue(() => s.scheduler.status().unacknowledged.messages === 0);
  });
});

describe.concurrent('the history that a scheduler has published', () => {
  test('is published again after the term if the broker has lost it', async ({ expect }) => {
    await using s = await scheduling();
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    const written = await s.stored<MarketFact>('EVENTS');
    await deleteStreams(s.url, ['EVENTS']); // `reconcile` creates it again within seconds
    await s.endTerm();
    expect(written).toHaveLength(5);
    await expect.poll(() => s.stored('EVENTS').catch(() => null), { timeout: 20_000 }).toEqual(written);
  });
});

describe.concurrent('an announced market that Gamma lists late', () => {
  test('is planned from its event, and then with the tokens of its document', async ({ expect }) => {
    await using s = await scheduling();
    await s.planned(10);
    const opened = s.venue.openMarkets(1)[0];
    if (opened === undefined) throw new Error('the venue is full');
    s.announce(opened.conditionId, ['11', '12']);
    const [before] = await s.planned(12);
    expect(before).toEqual(expect.arrayContaining(['11', '12']));
    expect(s.scheduler.unconfirmed).toBe(1);
    s.gammaListsAll();
    const after = await s.plannedWith(opened.tokenIds);
    expect(after).toHaveLength(12);
    await expect.poll(() => s.scheduler.unconfirmed, { timeout: 20_000 }).toBe(0);
  });

  test('leaves the plan when its document says closed', async () => {
    await using s = await scheduling();
    await s.planned(10);
    const opened = s.venue.openMarkets(1)[0];
    if (opened === undefined) throw new Error('the venue is full');
    s.announce(opened.conditionId, opened.tokenIds);
    await s.planned(12);
    s.venue.closeMarket(opened.conditionId);
    s.gammaListsAll();
    await s.planned(10);
    expect(s.scheduler.stats().markets).toMatchObject({ open: 5, expired: 1 });
  });

  test('leaves the plan if its announcement was false, even under another leader', async () => {
    await using s = await scheduling();
    await s.planned(10);
    s.announce('0xfa15e', ['11', '12']);
    await s.planned(12);
    // For the next leader the event is too old to be planned; only the market's place in the plan is left.
    await s.nextLeader({ ...INQUIRY_LIMITS, giveUpAfterMs: 0 });
    await s.planned(10);
    expect(s.scheduler.unconfirmed).toBe(0);
  });

  test('does not make a scan look incomplete, even in a flood of false announcements', async () => {
    await using s = await scheduling();
    await s.planned(10);
    for (let n = 0; n < 100; n += 1) s.announce(`0xfa15e${n}`, [`1${n}1`, `1${n}2`]);
    await s.planned(210);
    const { runs } = s.jobs()['discovery-scan'];
    await s.until((jobs) => jobs['discovery-scan'].runs >= runs + 2);
    expect(s.jobs()['discovery-scan']).toMatchObject({ errors: 0, failure: null });
    expect(s.scheduler.unconfirmed).toBe(100);
  });
});

describe.concurrent('the plan of a scheduler', () => {
  test('is restored as a whole when its bucket is deleted', async () => {
    await using s = await scheduling();
    const [before] = await s.planned(10);
    await deleteStreams(s.url, ['KV_shards']);
    const [after] = await s.planned(10); // nothing else has changed: the scheduler notices it by itself
    expect(new Set(after)).toEqual(new Set(before));
    await s.until((jobs) => isWorking(jobs['discovery-scan']));
    expect(s.scheduler.stats()).toMatchObject({ shards: 1, tokens: 10, markets: { pending: 0 } });
  }, 40_000);

  test('is restored when somebody else deletes a shard', async () => {
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

/** A scheduler that leads on its own log and runs its jobs a few times a second, at a quiet venue with five markets. */
async function scheduling(o: { answer?: '500'; tries?: number } = {}) {
  await using resources = new AsyncDisposableStack();
  const silent = Object.assign(Object.create(log), { info: () => {}, warn: () => {}, error: () => {} }) as typeof log;
  const bed = resources.use(await logBed());
  const quiet = { tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0, oddMarkets: 0, trading: false };
  let clockAheadMs = 0;
  const clock = () => Date.now() + clockAheadMs;
  const venue = resources.use(await VenueSim.start({ ...quiet, markets: 5, gammaLagMs: DAY_MS, clock }));
  if (o.answer !== undefined) venue.rest.answerBadly({ host: 'gamma', answer: o.answer });
  const http = new VenueHttp({ log: silent, triesMax: o.tries ?? 1, backoffMsMin: 1, backoffMsMax: 2 });
  const schedules = Object.fromEntries(
    JOB_NAMES.map((name) => [name, { name, intervalMs: 200, timeoutMs: 60_000, isOnTheClock: false }]),
  ) as Record<JobName, { name: JobName; intervalMs: number; timeoutMs: number; isOnTheClock: boolean }>;
  const shards = await bed.bus.kv<Shard>('shards');
  const leader = await bed.bus.kv<LeaderRecord>('leader');
  const options: Omit<SchedulerOptions, 'schedulerId' | 'leadership' | 'publishers' | 'inquiries'> = {
    bus: bed.bus,
    shards,
    venue: {
      gamma: new GammaClient({ url: venue.urls.gamma, http }),
      clob: new ClobClient({ url: venue.urls.clob, http }),
      data: new DataClient({ url: venue.urls.data, http }),
    },
    jobs: { schedules, shrinkPercentMax: 20, booksTokensMax: 0 },
    figuresIntervalMs: 0,
    plan: { tokensTarget: 400, tokensMax: 500, openAtTokens: 50, openAfterMs: 1_000, movesMax: 10 },
    ...{ unacknowledgedMsMax: 500, counters: newCounters(), log: silent },
  };
  const publishers = resources.use(new LastingPublishers(bed.bus));
  const start = (schedulerId: string, inquiries: InquiryLimits) => {
    const leadership = new Leadership({ bucket: leader, schedulerId, log: silent });
    const scheduler = new Scheduler({ ...options, publishers, inquiries, schedulerId, leadership });
    const stop = new AbortController();
    const running = scheduler.run(stop.signal);
    const ended = async () => {
      stop.abort(new Error('stopped by the test'));
      await running;
    };
    return { scheduler, ended };
  };
  let { scheduler, ended } = start('scheduler-a', INQUIRY_LIMITS);
  resources.defer(() => ended());
  const publisher = resources.use(bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 }));
  const owned = resources.move();
  /** The tokens of each shard, once the condition holds. */
  const plannedAs = async (isTrue: (tokenIds: string[]) => boolean): Promise<string[][]> => {
    for (;;) {
      const plan = await shards.list().catch(() => new Map<string, { value: Shard }>()); // the bucket is missing for a moment
      const found = [...plan.values()].map(({ value }) => value.tokens.map(({ tokenId }) => tokenId));
      if (isTrue(found.flat())) return found;
      await delay(20);
    }
  };
  const jobs = () => Object.fromEntries(scheduler.jobs().map((job) => [job.name, job])) as Record<JobName, JobStatus>;
  return {
    ...{ venue, jobs, shards, url: bed.url, acknowledges: bed.acknowledges, stored: bed.stored },
    endTerm: () => ended(),
    get scheduler() {
      return scheduler;
    },
    /** Stops the leader and starts another scheduler. */
    nextLeader: async (inquiryLimits: InquiryLimits) => {
      await ended();
      ({ scheduler, ended } = start('scheduler-b', inquiryLimits));
    },
    /** Publishes what an ingestor publishes for the event. */
    announce: (conditionId: string, tokenIds: readonly string[]) => {
      const nowMs = Date.now();
      const event: LifecycleEvent = {
        ...{ type: 'new_market', conditionId, gammaId: '1', tokenIds: [...tokenIds], outcomes: ['Yes', 'No'] },
        ...{ question: null, slug: null, winningTokenId: null, winningOutcome: null },
        ...{ exchangeAtMs: nowMs, receivedAtUs: nowMs * 1_000 },
      };
      const messageId = lifecycleMessageId(event);
      publisher.publish({ subject: eventSubject(event), messageId, body: JSON.stringify(event) });
    },
    /** Until this call Gamma lists no market that opened during the test. */
    gammaListsAll: () => {
      clockAheadMs = DAY_MS;
    },
    /** The tokens of each shard, once the bucket has this many. */
    planned: async (tokens: number) => await plannedAs((found) => found.length === tokens),
    /** The tokens of the plan, once these are among them. */
    plannedWith: async (tokenIds: readonly string[]) =>
      (await plannedAs((found) => tokenIds.every((tokenId) => found.includes(tokenId)))).flat(),
    /** Polls, because a job has no event for the end of a run. */
    untilTrue: async (isTrue: () => boolean) => {
      while (!isTrue()) await delay(20);
    },
    until: async (isTrue: (jobs: Record<JobName, JobStatus>) => boolean) => {
      while (!isTrue(jobs())) await delay(20);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const DAY_MS = 24 * 60 * 60_000;
