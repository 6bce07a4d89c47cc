import { describe, expect, test } from 'vitest';
import { Fleet, resizeFleet, STEADY_VENUE, shardsOf, startFleet, TestBed } from '../src/index.ts';

describe('ingestors that share the shards', () => {
  test('lose and duplicate nothing while their number changes to three and two, and share evenly each time', async () => {
    await resizeFleet({ tokens: 400, shards: 20, sizes: [3, 2], extraMovesMax: 4 });
  }, 120_000);

  test('with redundancy 1 lose only what a killed one would have recorded until others take over, within 20 s', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 120, tradesPerSecond: 100 });
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 3 });
    const { coverage } = await fleet.balanced(3);
    bed.venue.startTrading();
    await bed.recorded(200);
    const [victim, ...others] = ingestors;
    if (victim === undefined) throw new Error('no ingestor');
    const id = await Fleet.idOf(victim);
    const shards = shardsOf(coverage, id);
    const tokens = await fleet.tokensOf(shards);
    const acknowledgedUpToMs = Date.now() - SETTLED_MS; // JetStream acknowledges earlier trades in much less time
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

  test('hand over ten shards in less than 10 s when one stops', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 200, tradesPerSecond: 100 });
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 2, env: { CONNECT_PACE_MS: '100' } });
    const { coverage } = await fleet.balanced(2);
    expect(coverage.size).toBe(20);
    bed.venue.startTrading();
    await bed.recorded(100);
    const [leaving, staying] = ingestors;
    if (leaving === undefined || staying === undefined) throw new Error('no ingestors');
    const askedAtMs = performance.now();
    leaving.process.signal('SIGTERM');
    expect(await leaving.process.exit(10_000)).toEqual({ code: 0, signal: null });
    console.info(
      `Ten shards were handed over, and the process ended, in ${Math.round(performance.now() - askedAtMs)} ms.`,
    );
    await bed.recorded(100);
    await bed.drained(staying);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 120_000);

  test('keep a shard until a newcomer that got only some of its first books has all of them', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 60, tradesPerSecond: 100 });
    const quick = { FIRST_BOOK_TIMEOUT_MS: '1000', OVERLAP_MS: '1000' };
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 1, env: quick });
    const { coverage } = await fleet.balanced(1);
    expect(coverage.size).toBe(6);
    bed.venue.startTrading();
    await bed.recorded(100);

    bed.venue.limitSockets({ booksPerSocketMax: 5 });
    const newcomer = await bed.start('ws-ingestor', quick);
    await newcomer.untilMetric('polytape_ingestor_shards_covered', (shards) => shards === 3);
    await bed.recorded(500); // far longer than the overlap
    expect(await ingestors[0]?.metric('polytape_ingestor_shards')).toBe(6);

    bed.venue.limitSockets({ booksPerSocketMax: null });
    for (const { number, served } of bed.venue.status().sockets) if (served === 5) bed.venue.drop(number);
    await fleet.balanced(2);
    await bed.recorded(100);
    await bed.drained(...ingestors, newcomer);
    expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
  }, 120_000);

  test('report the shards that exceed their capacity until another one joins', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, markets: 30, tradesPerSecond: 0 });
    const { fleet, ingestors } = await startFleet(bed, { ingestors: 1, env: { SHARDS_PER_INGESTOR_MAX: '2' } });
    const [full] = ingestors;
    if (full === undefined) throw new Error('no ingestor');
    await full.untilMetric('polytape_ingestor_shards_unserved', (count) => count === 1);
    expect(await full.untilMetric('polytape_ingestor_shards_covered', (count) => count === 2)).toBe(2);
    expect((await full.reasons()).join()).toMatch(/^No ingestor records 1 shard, .*SHARDS_PER_INGESTOR_MAX/);
    expect((await full.process.record(/^No ingestor records 1 shard, /)).level).toBe('error');

    await bed.start('ws-ingestor', { SHARDS_PER_INGESTOR_MAX: '2' });
    const { coverage } = await fleet.balanced(2);
    expect(coverage.size).toBe(3);
    await full.ready();
  }, 60_000);
});

const SETTLED_MS = 2_000;
