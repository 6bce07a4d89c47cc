import { describe, expect, test } from 'vitest';
import { dropAllConnections, Fleet, replaced, STEADY_VENUE, TestBed, WATCHFUL } from '../src/index.ts';

describe('all connections, dropped by the venue at once,', () => {
  test('return one by one and cover every token within 10 s', async () => {
    await dropAllConnections({ tokens: 400, shards: 20 });
  }, 120_000);
});

describe('a connection that silently stalls', () => {
  test('is replaced after the silence limit of busy shards, and only the trades sent to it are missing', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: 60, tradesPerSecond: 100 });
    const { ingestor } = await bed.startRecorder({ scheduler: { SHARD_TOKENS_TARGET: '40' }, ingestor: WATCHFUL });
    bed.venue.startTrading();
    await bed.recorded(300);
    expect(bed.venue.stall({ socket: 1 })).toBe(1);
    const tookMs = await replaced(bed, { sockets: 3, tokens: 120, withinMs: Number(WATCHFUL.STALL_MS_MAX) });
    await bed.recorded(200);
    await bed.drained(ingestor);

    const { missing, duplicates } = await bed.compare();
    console.info(`Replaced ${tookMs} ms after it had gone silent; ${missing.length} trades were swallowed.`);
    expect(duplicates).toBe(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing).toEqual(bed.sentToNobody);
    const fleet = new Fleet(bed.bus);
    const shards = await Promise.all([0, 1, 2].map((shard) => fleet.tokensOf([shard])));
    expect(shards.filter((tokens) => missing.some(({ tokenId }) => tokens.has(tokenId)))).toHaveLength(1);
    // No other connection was replaced.
    expect(bed.venue.status().socketsConnected).toBe(4);
  }, 90_000);

  test('loses no trade at redundancy 2', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: 40, tradesPerSecond: 100 });
    const both = { ...WATCHFUL, REDUNDANCY: '2' };
    const { scheduler, ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40' },
      ingestor: both,
    });
    const other = await bed.start('ws-ingestor', both);
    await bed.covered(other, scheduler);
    bed.venue.startTrading();
    await bed.recorded(300);
    expect(bed.venue.stall({ socket: 1 })).toBe(1);
    await replaced(bed, { sockets: 4, tokens: 160, withinMs: Number(WATCHFUL.STALL_MS_MAX) });
    await bed.recorded(200);
    await bed.drained(ingestor, other);
    const { missing, duplicates } = await bed.compare();
    expect({ missing: missing.length, duplicates }).toEqual({ missing: 0, duplicates: 0 });
  }, 90_000);
});
