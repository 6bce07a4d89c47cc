import type { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { compareResolutions, type ServiceUnderTest, TestBed, until } from '../src/index.ts';

type Act = (life: VenueSim['life'], conditionId: string) => unknown;

const endTrading: Act = (life, conditionId) => life.endTrading(conditionId, ['0.9995', '0.0005']);
const dispute: Act = (life, conditionId) => life.dispute(conditionId);
const reopen: Act = (life, conditionId) => life.reopen(conditionId);
const propose =
  (...payouts: [string, string]): Act =>
  (life, conditionId) =>
    life.propose(conditionId, payouts);
const resolve =
  (...payouts: [string, string]): Act =>
  (life, conditionId) =>
    life.resolve(conditionId, payouts);
/** No `market_resolved` tells of it. */
const resolveSilently =
  (...payouts: [string, string]): Act =>
  (life, conditionId) =>
    life.resolve(conditionId, payouts, { announced: false });
const resolveAutomatically: Act = (life, conditionId) => life.resolve(conditionId, ['0', '1'], { automatic: true });

/** What happens to a market, round by round. */
const STORIES: Act[][] = [
  [resolveAutomatically],
  [endTrading],
  [endTrading, propose('1', '0'), resolve('1', '0')],
  [propose('0', '1'), endTrading, resolveSilently('0', '1')],
  [propose('1', '0'), dispute, propose('0', '1'), dispute, resolve('0', '1')],
  [endTrading, propose('1', '0'), dispute],
  [endTrading, propose('0.5', '0.5'), resolve('0.5', '0.5')],
  [endTrading, propose('0.25', '0.75'), resolveSilently('0.25', '0.75')],
  [endTrading, resolveSilently('0', '0')],
  [resolve('1', '0'), reopen, propose('0', '1'), endTrading, resolve('0', '1')],
  [resolve('0', '1'), reopen],
  [resolveSilently('1', '0')],
];

/** So many markets go through each story: the Data API's rows differ from market to market. */
const MARKETS_EACH = 4;

describe('resolutions', () => {
  test('are the venue`s, step by step, though the leading scheduler is killed in the middle', async () => {
    await using bed = await TestBed.open({
      markets: 80,
      tradesPerSecond: 0,
      openPerMinute: 0,
      closePerMinute: 0,
      dataLagMs: 300,
    });
    await bed.start('writer');
    const first = await bed.start('scheduler', PACE);
    const ingestor = await bed.start('ws-ingestor');
    await bed.covered(ingestor, first);
    const second = await bed.start('scheduler', PACE);
    await second.process.record(/^Standing by/);

    const markets = bed.venue.openMarketList().slice(0, STORIES.length * MARKETS_EACH);
    const rounds = Math.max(...STORIES.map((story) => story.length));
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, { conditionId }] of markets.entries()) {
        STORIES[index % STORIES.length]?.[round]?.(bed.venue.life, conditionId);
      }
      if (round === KILLED_IN_ROUND) await first.process.kill();
      await recorded(bed, { steps: true });
    }
    expect(await second.metric('polytape_scheduler_leader')).toBe(1);
    const truth = bed.venue.life.truth();
    expect(new Set(truth.map(({ outcome }) => outcome))).toEqual(
      new Set(['win0', 'win1', 'split', 'other', 'unknown', null]),
    );
    // What is settled stays settled, and nothing is told twice: some more rounds change nothing.
    await moreRounds(second);
    expect(await compareResolutions(truth, bed.probe, { steps: true })).toEqual([]);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
  }, 150_000);

  test('of markets that go their own ways, faster than anybody looks, end as the venue`s', async () => {
    await using bed = await TestBed.open({
      markets: 150,
      tradesPerSecond: 0,
      openPerMinute: 0,
      closePerMinute: 1_800,
      resolutions: 'uma',
      resolutionStepMs: 300,
      dataLagMs: 300,
    });
    await bed.start('writer');
    const scheduler = await bed.start('scheduler', PACE);
    const ingestor = await bed.start('ws-ingestor');
    await bed.covered(ingestor, scheduler);
    bed.venue.startTrading();
    await until(
      '80 markets settled',
      () => bed.venue.life.truth().filter(({ state }) => state === 'resolved').length > 80,
    );
    await bed.venue.stopTrading();
    await recorded(bed, { steps: false });
  }, 120_000);
});

const KILLED_IN_ROUND = 2;
const PACE = {
  DISCOVERY_INTERVAL_MS: '500',
  DISCOVERY_SCAN_INTERVAL_MS: '500',
  RESOLUTIONS_INTERVAL_MS: '300',
  PRICES_INTERVAL_MS: '0',
  BOOKS_INTERVAL_MS: '0',
};

/** Resolves when the database has what the venue knows by now; with `steps` every step that led to it. */
async function recorded(bed: TestBed, o: { steps: boolean }): Promise<void> {
  let left: unknown = null;
  await until(
    'resolutions equal to the truth',
    async () => {
      left = await compareResolutions(bed.venue.life.truth(), bed.probe, o);
      return (left as unknown[]).length === 0;
    },
    { seen: () => JSON.stringify(left, null, 1).slice(0, 3_000) },
  );
}

async function moreRounds(scheduler: ServiceUnderTest): Promise<void> {
  for (const job of ['resolutions', 'discovery-scan']) {
    const before = (await scheduler.metric('polytape_scheduler_job_runs_total', { job })) ?? 0;
    await scheduler.untilMetric('polytape_scheduler_job_runs_total', (runs) => runs >= before + 3, { job });
  }
}
