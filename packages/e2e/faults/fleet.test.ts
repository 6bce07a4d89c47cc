import { setTimeout as delay } from 'node:timers/promises';
import { tcpProxy } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { Fleet, resizeFleet, STEADY_VENUE, shardsOf, startFleet, TestBed } from '../src/index.ts';

describe('ingestors that share the shards', () => {
  test('lose and duplicate nothing while their number changes to three, two and four, and share evenly each time', async () => {
    await resizeFleet({ tokens: 5_000, shards: 50, sizes: [3, 2, 4], extraMovesMax: 8 });
  }, 240_000);

  test('with redundancy 2 lose nothing when one of three is killed', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 120, tradesPerSecond: 300 });
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 3, env: { REDUNDANCY: '2' } });
    await fleet.balanced(3, { redundancy: 2 });
    bed.venue.startTrading();
    await bed.recorded(500);
    await ingestors[0]?.process.kill();
    const { tookMs } = await fleet.balanced(2, { redundancy: 2 });
    console.info(`Two of two cover each shard again ${tookMs} ms after the kill.`);
    await bed.recorded(500);
    await bed.drained(...ingestors.slice(1));
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 180_000);

  test('keep recording while one is cut off from the broker for 30 s, and share evenly again afterwards', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 120, tradesPerSecond: 200 });
    await using way = await tcpProxy(bed.nats.url);
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 1 });
    const cutOff = await bed.start('ws-ingestor', { NATS_URL: way.url });
    const { coverage } = await fleet.balanced(2);
    const id = await Fleet.idOf(cutOff);
    bed.venue.startTrading();
    await bed.recorded(300);

    way.mute();
    const takenOverAtMs = fleet.takenOver(shardsOf(coverage, id), { from: id });
    const before = (await cutOff.metric('polytape_ingestor_trades_total')) ?? 0;
    await delay(PARTITION_MS); // the length of the partition is what is tested
    expect(await cutOff.metric('polytape_ingestor_trades_total')).toBeGreaterThan(before + 1_000);
    expect(await cutOff.metric('polytape_ingestor_connections_closed_total')).toBe(0);
    await takenOverAtMs;
    way.unmute();
    await fleet.balanced(2);
    await bed.recorded(300);
    await bed.drained(...ingestors, cutOff);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 180_000);
});

const PARTITION_MS = 30_000;
