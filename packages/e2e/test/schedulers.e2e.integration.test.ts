import { putKey } from '@polytape/test-servers';
import type { Shard } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { type ServiceUnderTest, TestBed, until } from '../src/index.ts';

describe('two schedulers', () => {
  test('take turns: after kill -9 of the leader and after SIGTERM the other leads, and no shard changes', async () => {
    await using bed = await TestBed.open({ markets: 60, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const first = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '50' });
    await first.ready();
    const planned = await plan(bed);
    expect(planned).toHaveLength(3);

    const second = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '50' });
    await second.process.record(/^Standing by/);
    expect((await second.get('/readyz')).body).toContain('"activity":"standing by"');
    expect(await Promise.all([leads(first), leads(second)])).toEqual([1, 0]);

    // Within 20 s: the key lives 15 s at most, and the broker tells of its end.
    await first.process.kill();
    await until('the other leads after kill -9', async () => (await leads(second)) === 1, { withinMs: 20_000 });
    await scanned(second);
    expect(await plan(bed)).toEqual(planned);

    const third = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '50' });
    await third.process.record(/^Standing by/);
    second.process.signal('SIGTERM');
    await until('the other leads after SIGTERM', async () => (await leads(third)) === 1, { withinMs: 2_000 });
    expect(await second.process.exit()).toEqual({ code: 0, signal: null });
    await scanned(third);
    expect(await plan(bed)).toEqual(planned);

    // The new leader does its job: what ends leaves the plan.
    const [market] = bed.venue.openMarketList();
    bed.venue.closeMarket(market?.conditionId ?? '');
    await third.untilMetric('scheduler_markets', (expired) => expired === 1, { state: 'expired' });
    await third.untilMetric('scheduler_tokens', (tokens) => tokens === 118);
  }, 120_000);
});

describe('a scheduler', () => {
  test('whose plan somebody else wrote gives up the lead, reads the plan anew, and goes on from it', async () => {
    await using bed = await TestBed.open({ markets: 10, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const scheduler = await bed.start('scheduler');
    await scheduler.ready();
    const shards = await bed.bus.kv<Shard>('shards');
    const before = await shards.get('0');
    if (before === null) throw new Error('there is no shard 0');
    const ended = before.value.tokens[0]?.conditionId ?? '';
    const revision = await putKey(shards, '0', { ...before.value, version: 77 });

    bed.venue.closeMarket(ended);
    // It is noticed by whichever comes first: a look at the bucket, or a write of its own.
    await scheduler.process.record(
      /^This scheduler leads no longer: (Key 0 of bucket shards was written by somebody else|shard 0 is another one)/i,
    );
    const after = await until('the plan to go on', async () => {
      const shard = await shards.get('0');
      return shard !== null && shard.revision > revision && shard;
    });
    expect(after.value.tokens).toEqual(before.value.tokens.filter(({ conditionId }) => conditionId !== ended));
    expect(after.value.version).toBeGreaterThan(77);
    await scheduler.ready();
  });

  test('of a venue with two markets plans them as soon as it has seen all', async () => {
    await using bed = await TestBed.open({ markets: 2, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const scheduler = await bed.start('scheduler', { SHARD_OPEN_AFTER_MS: '3600000' });
    await scheduler.ready(); // a scan has ended
    expect(await scheduler.metric('scheduler_tokens')).toBe(4);
    expect(await scheduler.metric('scheduler_markets', { state: 'subscribed' })).toBe(2);
    expect(await scheduler.metric('scheduler_capacity_free_tokens')).toBe(396);
  });

  test('lets a market without a free place wait, and no longer than it may', async () => {
    await using bed = await TestBed.open({ markets: 5, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const limits = { SHARD_TOKENS_TARGET: '10', SHARD_TOKENS_MAX: '10', SHARD_OPEN_AFTER_MS: '3000' };
    const scheduler = await bed.start('scheduler', { ...limits, DISCOVERY_INTERVAL_MS: '200' });
    await scheduler.ready();
    bed.venue.openMarkets(1);
    await scheduler.untilMetric('scheduler_markets', (pending) => pending === 1, { state: 'pending' });
    expect(await scheduler.metric('scheduler_shards')).toBe(1);
    await scheduler.untilMetric('scheduler_shards', (shards) => shards === 2);
    expect(await scheduler.metric('scheduler_markets', { state: 'pending' })).toBe(0);
  });
});

async function leads(scheduler: ServiceUnderTest): Promise<number | null> {
  return await scheduler.metric('scheduler_leader');
}

async function scanned(scheduler: ServiceUnderTest): Promise<void> {
  await scheduler.untilMetric('scheduler_scans_total', (scans) => scans >= 2);
}

/** Keys, revisions and values of the bucket `shards`. */
async function plan(bed: TestBed): Promise<[string, { revision: number; value: Shard }][]> {
  const stop = new AbortController();
  await using view = (await bed.bus.kv<Shard>('shards')).view({ signal: stop.signal });
  await view.ready;
  return structuredClone([...view.entries()]).sort(([a], [b]) => Number(a) - Number(b));
}
