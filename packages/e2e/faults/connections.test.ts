import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { dropAllConnections, replaced, STEADY_VENUE, TestBed, until, WATCHFUL } from '../src/index.ts';

describe('all connections, dropped by the venue at once,', () => {
  test('return one by one and cover all 5,000 tokens within 10 s', async () => {
    await dropAllConnections({ tokens: 5_000, shards: 50 });
  }, 120_000);
});

describe('a connection that silently stalls', () => {
  test('is replaced as soon as a new one delivers, if its first successors stall, too', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: 20, tradesPerSecond: 200 });
    const { ingestor } = await bed.startRecorder({ ingestor: WATCHFUL });
    bed.venue.startTrading();
    await bed.recorded(500);
    bed.venue.stall({ socket: 'all', newSockets: true });
    await until('two stalled successors', () => bed.venue.status().socketsConnected >= 3);
    // The old one stays open: it may recover, and no successor is better.
    expect(bed.venue.status().sockets.map(({ number }) => number)).toContain(1);
    bed.venue.stall({ newSockets: false });
    await replaced(bed, { sockets: 1, tokens: 40 });
    await bed.recorded(300);
    await bed.drained(ingestor);
    const { missing, duplicates } = await bed.compare();
    expect(duplicates).toBe(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing).toEqual(bed.sentToNobody);
  }, 90_000);
});

describe('a quiet shard', () => {
  test('is reconnected less and less often', async () => {
    await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: 40, tradesPerSecond: 0 });
    const { ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40' },
      ingestor: { STALL_MS_MIN: '2000', STALL_MS_MAX: '2000', OVERLAP_MS: '200' },
    });
    await delay(QUIET_MS); // the number of connections in this time is what is tested
    const { socketsConnected } = bed.venue.status();
    console.info(`${socketsConnected} connections for two quiet shards in ${QUIET_MS / 1_000} s.`);
    // After 2, 4 and 8 s of silence, and not every 2 s.
    expect(socketsConnected).toBeGreaterThan(2);
    expect(socketsConnected).toBeLessThanOrEqual(2 * 4);
    for (const { tokenIds } of bed.venue.openMarketList()) bed.venue.trade({ tokenId: tokenIds[0] });
    await bed.drained(ingestor);
    const { missing, duplicates, recorded } = await bed.compare();
    expect({ missing: missing.length, duplicates, recorded }).toEqual({ missing: 0, duplicates: 0, recorded: 40 });
  }, 90_000);
});

const QUIET_MS = 16_000;
