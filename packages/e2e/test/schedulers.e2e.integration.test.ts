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

    // The key expires after 15 s at most, and the broker reports its end.
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

    // The new leader works: a closed market leaves the plan.
    const [market] = bed.venue.openMarketList();
    bed.venue.closeMarket(market?.conditionId ?? '');
    await third.untilMetric('polytape_scheduler_markets', (expired) => expired === 1, { state: 'expired' });
    await third.untilMetric('polytape_scheduler_tokens', (tokens) => tokens === 118);
  }, 120_000);
});

describe('a scheduler', () => {
  test('whose plan was changed by another client gives up the lead, reads the plan again, and continues from it', async () => {
    await using bed = await TestBed.open({ markets: 10, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const scheduler = await bed.start('scheduler');
    await scheduler.ready();
    const shards = await bed.bus.kv<Shard>('shards');
    const before = await shards.get('0');
    if (before === null) throw new Error('there is no shard 0');
    const ended = before.value.tokens[0]?.conditionId ?? '';
    const revision = await putKey(shards, '0', { ...before.value, version: 77 });

    bed.venue.closeMarket(ended);
    // Either a look at the bucket or a write of its own notices the change first.
    await scheduler.process.record(/^This scheduler no longer leads: (Key 0 of bucket shards|shard 0 has changed)/i);
    const after = await until('the plan to go on', async () => {
      const shard = await shards.get('0');
      return shard !== null && shard.revision > revision && shard;
    });
    expect(after.value.tokens).toEqual(before.value.tokens.filter(({ conditionId }) => conditionId !== ended));
    expect(after.value.version).toBeGreaterThan(77);
    await scheduler.ready();
  });

  test('plans a venue of two markets as soon as it has seen both', async () => {
    await using bed = await TestBed.open({ markets: 2, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const scheduler = await bed.start('scheduler', { SHARD_OPEN_AFTER_MS: '3600000' });
    await scheduler.ready(); // a scan has ended
    expect(await scheduler.metric('polytape_scheduler_tokens')).toBe(4);
    expect(await scheduler.metric('polytape_scheduler_markets', { state: 'subscribed' })).toBe(2);
    expect(await scheduler.metric('polytape_scheduler_capacity_free_tokens')).toBe(396);
  });

  test('lets a market without a free place wait, but not longer than the limit', async () => {
    await using bed = await TestBed.open({ markets: 5, tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0 });
    const limits = { SHARD_TOKENS_TARGET: '10', SHARD_TOKENS_MAX: '10', SHARD_OPEN_AFTER_MS: '3000' };
    const scheduler = await bed.start('scheduler', { ...limits, DISCOVERY_INTERVAL_MS: '200' });
    await scheduler.ready();
    bed.venue.openMarkets(1);
    await scheduler.untilMetric('polytape_scheduler_markets', (pending) => pending === 1, { state: 'pending' });
    expect(await scheduler.metric('polytape_scheduler_shards')).toBe(1);
    await scheduler.untilMetric('polytape_scheduler_shards', (shards) => shards === 2);
    expect(await scheduler.metric('polytape_scheduler_markets', { state: 'pending' })).toBe(0);
  });
});

async function leads(scheduler: ServiceUnderTest): Promise<number | null> {
  return await scheduler.metric('polytape_scheduler_leader');
}

async function scanned(scheduler: ServiceUnderTest): Promise<void> {
  await scheduler.untilMetric('polytape_scheduler_scans_total', (scans) => scans >= 2);
}

/** Keys, revisions and values of the bucket `shards`. */
async function plan(bed: TestBed): Promise<[string, { revision: number; value: Shard }][]> {
  const stop = new AbortController();
  await using view = (await bed.bus.kv<Shard>('shards')).view({ signal: stop.signal });
  await view.ready;
  return structuredClone([...view.entries()]).sort(([a], [b]) => Number(a) - Number(b));
}
