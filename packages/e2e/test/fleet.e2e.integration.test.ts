import { setTimeout as delay } from 'node:timers/promises';
import { tcpProxy } from '@polytape/test-servers';
import type { VenueSimOptions } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { Fleet, movedPlaces, type ServiceUnderTest, shardsOf, TestBed } from '../src/index.ts';

describe('ingestors that share the shards', () => {
  test('miss nothing and double nothing while they become three, two and four, and share evenly each time', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 2_500, tradesPerSecond: 100 });
    const { fleet, scheduler } = await begin(bed, '100');
    const first = await bed.start('ws-ingestor');
    await bed.covered(first, scheduler);
    bed.venue.startTrading();
    let { coverage } = await fleet.balanced(1);
    expect(coverage.size).toBe(50);

    const changes: [string, number, () => Promise<unknown>][] = [];
    const ingestors = [first];
    const add = async () => ingestors.push(await bed.start('ws-ingestor'));
    changes.push(['1 -> 3', 3, () => Promise.all([add(), add()])]);
    changes.push(['3 -> 2', 2, async () => ingestors.shift()?.process.signal('SIGTERM')]);
    changes.push(['2 -> 4', 4, () => Promise.all([add(), add()])]);
    for (const [name, members, change] of changes) {
      await bed.recorded(100);
      await change();
      const balanced = await fleet.balanced(members, { withinMs: BALANCED_MS_MAX });
      const moved = movedPlaces(coverage, balanced.coverage);
      console.info(`${name}: even after ${balanced.tookMs} ms; ${moved} of ${coverage.size} shards moved.`);
      // What the new ones hold, or what the one that went held, has to move.
      const least = { '1 -> 3': 32, '3 -> 2': 16, '2 -> 4': 24 }[name] ?? 0;
      expect(moved).toBeGreaterThanOrEqual(least);
      expect(moved).toBeLessThanOrEqual(least + 8);
      coverage = balanced.coverage;
    }
    expect(await first.process.exit()).toEqual({ code: 0, signal: null });
    await bed.recorded(100);
    await bed.drained(...ingestors);
    expect(await outcome(bed)).toEqual({ missing: 0, duplicates: 0 });
  }, 240_000);

  test('with redundancy 2 miss nothing when one of three is killed', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 120, tradesPerSecond: 300 });
    const { fleet, ingestors } = await beginWith(bed, 3, { REDUNDANCY: '2' });
    await fleet.balanced(3, { redundancy: 2 });
    bed.venue.startTrading();
    await bed.recorded(500);
    await ingestors[0]?.process.kill();
    const { tookMs } = await fleet.balanced(2, { redundancy: 2 });
    console.info(`Two of two cover each shard again ${tookMs} ms after the kill.`);
    await bed.recorded(500);
    await bed.drained(...ingestors.slice(1));
    expect(await outcome(bed)).toEqual({ missing: 0, duplicates: 0 });
  }, 180_000);

  test('with redundancy 1 miss only what the killed one would have recorded until others take over, within 20 s', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 120, tradesPerSecond: 300 });
    const { fleet, ingestors } = await beginWith(bed, 3, {});
    const { coverage } = await fleet.balanced(3);
    bed.venue.startTrading();
    await bed.recorded(500);
    const [victim, ...others] = ingestors;
    if (victim === undefined) throw new Error('no ingestor');
    const id = await Fleet.idOf(victim);
    const shards = shardsOf(coverage, id);
    const tokens = await fleet.tokensOf(shards);
    const acknowledgedUpToMs = Date.now() - SETTLED_MS; // the log takes much less to acknowledge what came before
    await victim.process.kill();
    const killedAtMs = Date.now();
    const takenOverAtMs = await fleet.takenOver(shards, { from: id });
    await bed.recorded(500);
    await bed.drained(...others);

    const { missing, duplicates } = await bed.compare();
    const times = missing.map(({ timestamp }) => Number(timestamp));
    console.info(
      `Taken over ${takenOverAtMs - killedAtMs} ms after the kill; ${missing.length} trades are missing, from ` +
        `${Math.min(...times) - killedAtMs} ms to ${Math.max(...times) - killedAtMs} ms after it.`,
    );
    expect(takenOverAtMs - killedAtMs).toBeLessThanOrEqual(20_000);
    expect(duplicates).toBe(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.filter(({ tokenId }) => !tokens.has(tokenId))).toEqual([]);
    expect(times.filter((atMs) => atMs < acknowledgedUpToMs || atMs > takenOverAtMs)).toEqual([]);
  }, 180_000);

  test('hand ten shards over when one is asked to stop, which takes it less than 10 s', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 200, tradesPerSecond: 300 });
    const { fleet, ingestors } = await beginWith(bed, 2, { CONNECT_PACE_MS: '100' });
    const { coverage } = await fleet.balanced(2);
    expect(coverage.size).toBe(20);
    bed.venue.startTrading();
    await bed.recorded(300);
    const [leaving, staying] = ingestors;
    if (leaving === undefined || staying === undefined) throw new Error('no ingestors');
    const askedAtMs = performance.now();
    leaving.process.signal('SIGTERM');
    expect(await leaving.process.exit(10_000)).toEqual({ code: 0, signal: null });
    console.info(
      `Ten shards were handed over, and the process ended, in ${Math.round(performance.now() - askedAtMs)} ms.`,
    );
    await bed.recorded(300);
    await bed.drained(staying);
    expect(await outcome(bed)).toEqual({ missing: 0, duplicates: 0 });
  }, 120_000);

  test('record on when one is cut off from the broker for 30 s, and share evenly again afterwards', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 120, tradesPerSecond: 200 });
    await using way = await tcpProxy(bed.nats.url);
    const { fleet, ingestors } = await beginWith(bed, 1, {});
    const cutOff = await bed.start('ws-ingestor', { NATS_URL: way.url });
    const { coverage } = await fleet.balanced(2);
    const id = await Fleet.idOf(cutOff);
    bed.venue.startTrading();
    await bed.recorded(300);

    way.mute();
    const takenOverAtMs = fleet.takenOver(shardsOf(coverage, id), { from: id });
    const before = (await cutOff.metric('ingestor_trades_total')) ?? 0;
    await delay(PARTITION_MS); // the partition's own length is what is tested
    expect(await cutOff.metric('ingestor_trades_total')).toBeGreaterThan(before + 1_000);
    expect(await cutOff.metric('ingestor_connections_closed_total')).toBe(0);
    await takenOverAtMs;
    way.unmute();
    await fleet.balanced(2);
    await bed.recorded(300);
    await bed.drained(...ingestors, cutOff);
    expect(await outcome(bed)).toEqual({ missing: 0, duplicates: 0 });
  }, 180_000);

  test('say which shards nobody has room for, until another one joins', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 30, tradesPerSecond: 0 });
    const { fleet, ingestors } = await beginWith(bed, 1, { SHARDS_PER_INGESTOR_MAX: '2' });
    const [full] = ingestors;
    if (full === undefined) throw new Error('no ingestor');
    await full.untilMetric('ingestor_shards_unserved', (count) => count === 1);
    expect(await full.untilMetric('ingestor_shards_covered', (count) => count === 2)).toBe(2);
    expect((await full.reasons()).join()).toMatch(/^1 shards are recorded by nobody.*SHARDS_PER_INGESTOR_MAX/);
    expect((await full.process.record(/^1 shards are recorded by nobody/)).level).toBe('error');

    await bed.start('ws-ingestor', { SHARDS_PER_INGESTOR_MAX: '2' });
    const { coverage } = await fleet.balanced(2);
    expect(coverage.size).toBe(3);
    await full.ready();
  }, 60_000);
});

/** Nothing opens or closes, and much looks alike: each fill counts. */
const STEADY: VenueSimOptions = {
  ...{ quotesPerTrade: 3, burst: null, identicalShare: 0.2 },
  ...{ openPerMinute: 0, closePerMinute: 0 },
};

async function begin(bed: TestBed, tokensTarget: string): Promise<{ fleet: Fleet; scheduler: ServiceUnderTest }> {
  const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: tokensTarget });
  await bed.start('writer');
  await scheduler.ready();
  return { fleet: new Fleet(bed.bus), scheduler };
}

/** So many ingestors, and shards of 20 tokens. */
async function beginWith(
  bed: TestBed,
  count: number,
  env: Record<string, string>,
): Promise<{ fleet: Fleet; ingestors: ServiceUnderTest[] }> {
  const { fleet } = await begin(bed, '20');
  const ingestors = await Promise.all(Array.from({ length: count }, () => bed.start('ws-ingestor', env)));
  return { fleet, ingestors };
}

async function outcome(bed: TestBed): Promise<{ missing: number; duplicates: number }> {
  const { missing, duplicates } = await bed.compare();
  return { missing: missing.length, duplicates };
}

const BALANCED_MS_MAX = 20_000;
const SETTLED_MS = 2_000;
const PARTITION_MS = 30_000;
