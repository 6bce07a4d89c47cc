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
/** Without a `market_resolved` event. */
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

/** Number of markets per story: the Data API's rows differ from market to market. */
const MARKETS_EACH = 4;

describe('resolutions', () => {
  test("equal the venue's, step by step, even if the leading scheduler is killed in between", async () => {
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
    // Settled markets stay settled, and no step is recorded twice: more rounds change nothing.
    await moreRounds(second);
    expect(await compareResolutions(truth, bed.probe, { steps: true })).toEqual([]);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
  }, 150_000);

  test("of markets that change faster than the scheduler looks end like the venue's", async () => {
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

/** Resolves when the database equals the venue's present state; with `steps`, every step that led to it. */
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
