import { setTimeout as delay } from 'node:timers/promises';
import type { VenueSim, VenueSimOptions } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { Fleet, TestBed, until } from '../src/index.ts';

describe('connections that the venue drops all at once', () => {
  test('are back, one by one, and cover all 5,000 tokens within 10 s', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 2_500, tradesPerSecond: 200 });
    const { ingestor } = await bed.startRecorder({ scheduler: { SHARD_TOKENS_TARGET: '100' } });
    bed.venue.startTrading();
    await bed.recorded(300);

    const before = bed.venue.status().socketsConnected;
    expect(bed.venue.drop()).toBe(SHARDS);
    const droppedAtMs = Date.now();
    await until(
      'all tokens covered again',
      async () =>
        served(bed.venue) === TOKENS && (await ingestor.metric('polytape_ingestor_tokens_covered')) === TOKENS,
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
    expect(missing).toEqual(bed.sentToNobody);
  }, 120_000);
});

describe('a connection that goes silently dead', () => {
  test('is found by the silence of a busy shard and replaced, and nothing is missing but what it swallowed', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 60, tradesPerSecond: 300 });
    const { ingestor } = await bed.startRecorder({ scheduler: { SHARD_TOKENS_TARGET: '40' }, ingestor: WATCHFUL });
    bed.venue.startTrading();
    await bed.recorded(1_000);
    expect(bed.venue.stall({ socket: 1 })).toBe(1);
    const tookMs = await replaced(bed, { sockets: 3, tokens: 120, withinMs: Number(WATCHFUL.STALL_MS_MAX) });
    await bed.recorded(500);
    await bed.drained(ingestor);

    const { missing, duplicates } = await bed.compare();
    console.info(`Replaced ${tookMs} ms after it had gone silent; ${missing.length} trades were swallowed.`);
    expect(duplicates).toBe(0);
    expect(missing.length).toBeGreaterThan(0);
    expect(missing).toEqual(bed.sentToNobody);
    const fleet = new Fleet(bed.bus);
    const shards = await Promise.all([0, 1, 2].map((shard) => fleet.tokensOf([shard])));
    expect(shards.filter((tokens) => missing.some(({ tokenId }) => tokens.has(tokenId)))).toHaveLength(1);
    // Nobody else was taken for dead.
    expect(bed.venue.status().socketsConnected).toBe(4);
  }, 90_000);

  test('with redundancy 2 costs nothing', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 40, tradesPerSecond: 300 });
    const both = { ...WATCHFUL, REDUNDANCY: '2' };
    const { scheduler, ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40' },
      ingestor: both,
    });
    const other = await bed.start('ws-ingestor', both);
    await bed.covered(other, scheduler);
    bed.venue.startTrading();
    await bed.recorded(1_000);
    expect(bed.venue.stall({ socket: 1 })).toBe(1);
    await replaced(bed, { sockets: 4, tokens: 160, withinMs: Number(WATCHFUL.STALL_MS_MAX) });
    await bed.recorded(500);
    await bed.drained(ingestor, other);
    const { missing, duplicates } = await bed.compare();
    expect({ missing: missing.length, duplicates }).toEqual({ missing: 0, duplicates: 0 });
  }, 90_000);

  test('is replaced as soon as new ones live, when those were dead as well', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 20, tradesPerSecond: 200 });
    const { ingestor } = await bed.startRecorder({ ingestor: WATCHFUL });
    bed.venue.startTrading();
    await bed.recorded(500);
    bed.venue.stall({ socket: 'all', newSockets: true });
    await until('two dead successors tried', () => bed.venue.status().socketsConnected >= 3);
    // The old one is kept: it may come back, and there is nothing better.
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

describe('a shard on which nothing happens', () => {
  test('is asked ever more seldom whether it is dead', async () => {
    await using bed = await TestBed.open({ ...STEADY, markets: 40, tradesPerSecond: 0 });
    const { ingestor } = await bed.startRecorder({
      scheduler: { SHARD_TOKENS_TARGET: '40' },
      ingestor: { STALL_MS_MIN: '2000', STALL_MS_MAX: '2000', OVERLAP_MS: '200' },
    });
    await delay(QUIET_MS); // how often in so long is what is asked
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

/** Nothing opens or closes, and much looks alike: each fill counts. */
const STEADY: VenueSimOptions = {
  ...{ quotesPerTrade: 3, burst: null, identicalShare: 0.2, oddMarkets: 0 },
  ...{ openPerMinute: 0, closePerMinute: 0 },
};
const TOKENS = 5_000;
const SHARDS = 50;
/** What is usual takes minutes. */
const WATCHFUL = {
  ...{ STALL_MS_MIN: '3000', STALL_MS_MAX: '10000' },
  ...{ FIRST_BOOK_TIMEOUT_MS: '1000', OVERLAP_MS: '1000' },
};
const QUIET_MS = 16_000;

/**
 * Resolves when no stalled socket is open and so many others serve so many tokens; gives how long that took.
 *
 * @param o.withinMs At most so long: the rule.
 */
async function replaced(
  { venue }: TestBed,
  { sockets, tokens, ...o }: { sockets: number; tokens: number; withinMs?: number },
): Promise<number> {
  const beganAtMs = performance.now();
  const isSo = () => {
    const open = venue.status().sockets;
    return open.length === sockets && !open.some(({ stalled }) => stalled) && served(venue) === tokens;
  };
  await until('living connections alone', isSo, { ...o, seen: () => JSON.stringify(venue.status().sockets) });
  return Math.round(performance.now() - beganAtMs);
}

/** Tokens that the venue serves on all its open sockets together. */
function served(venue: VenueSim): number {
  return venue.status().sockets.reduce((sum, socket) => sum + socket.served, 0);
}

/** The most of these times that lie within so many milliseconds; sorted. */
function mostWithin(ms: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}
