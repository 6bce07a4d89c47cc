import type { TruthTrade, VenueSim, VenueSimOptions } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { type ServiceUnderTest, TestBed, until } from '../src/index.ts';

describe('connections that the venue drops all at once', () => {
  test('are back, one by one, and cover all 5,000 tokens within 10 s', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 2_500, tradesPerSecond: 200 });
    const ingestor = await begin(bed, { SHARD_TOKENS_TARGET: '100' }, {});
    bed.venue.startTrading();
    await bed.recorded(300);

    const before = bed.venue.status().socketsConnected;
    expect(bed.venue.drop()).toBe(SHARDS);
    const droppedAtMs = Date.now();
    await until(
      'all tokens covered again',
      async () => served(bed.venue) === TOKENS && (await ingestor.metric('ingestor_tokens_covered')) === TOKENS,
      { withinMs: 10_000, seen: () => JSON.stringify(bed.venue.status().sockets) },
    );
    const coveredAfterMs = Date.now() - droppedAtMs;
    const { socketsConnected, sockets } = bed.venue.status();
    const backAfterMs = sockets.map(({ connectedAtMs }) => connectedAtMs - droppedAtMs).sort((a, b) => a - b);
    await bed.recorded(300);
    await bed.drained(ingestor);

    const { missing, duplicates } = await bed.compare();
    console.info(
      `${SHARDS} connections came back ${backAfterMs[0]} to ${backAfterMs.at(-1)} ms after they were dropped; covered ` +
        `after ${coveredAfterMs} ms; ${missing.length} trades were executed meanwhile.`,
    );
    // A venue that has just restarted is not met by all of them in the same moment.
    expect(socketsConnected - before).toBe(SHARDS);
    expect(mostWithin(250, backAfterMs)).toBeLessThanOrEqual(SHARDS / 2);
    expect(duplicates).toBe(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing).toEqual(sentToNobody(bed.venue));
  }, 120_000);
});

/** Nothing opens or closes, and much looks alike: each fill counts. */
const STEADY: VenueSimOptions = {
  ...{ quotesPerTrade: 3, burst: null, identicalShare: 0.2, oddMarkets: 0 },
  ...{ openPerMinute: 0, closePerMinute: 0 },
};
const TOKENS = 5_000;
const SHARDS = 50;

/** One ingestor that covers the whole plan, and a writer. */
async function begin(
  bed: TestBed,
  scheduling: Record<string, string>,
  ingesting: Record<string, string>,
): Promise<ServiceUnderTest> {
  const scheduler = await bed.start('scheduler', scheduling);
  await bed.start('writer');
  await scheduler.ready();
  const ingestor = await bed.start('ws-ingestor', ingesting);
  await bed.covered(ingestor, scheduler);
  return ingestor;
}

/** Tokens that the venue serves on all its open sockets together. */
function served(venue: VenueSim): number {
  return venue.status().sockets.reduce((sum, socket) => sum + socket.served, 0);
}

/** What no recorder could have had. */
function sentToNobody(venue: VenueSim): TruthTrade[] {
  return venue.ledger().filter(({ subscribed, sockets }) => subscribed && sockets === 0);
}

/** The most of these times that lie within so many milliseconds; sorted. */
function mostWithin(ms: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}
