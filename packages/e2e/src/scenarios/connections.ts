import type { VenueSim } from '@polytape/venue-sim';
import { expect } from 'vitest';
import { TestBed } from '../test-bed.ts';
import { until } from '../until.ts';
import { STEADY_VENUE } from './fleet.ts';

/** Settings of an ingestor that looks for silent connections within seconds, instead of the usual minutes. */
export const WATCHFUL = {
  ...{ STALL_MS_MIN: '3000', STALL_MS_MAX: '10000' },
  ...{ FIRST_BOOK_TIMEOUT_MS: '1000', OVERLAP_MS: '1000' },
};

/**
 * Drops all connections at once. Expects that they return one by one, that every token is covered within 10 s, and that exactly
 * the trades are missing that the venue sent to nobody. Prints the counts.
 */
export async function dropAllConnections(o: { tokens: number; shards: number }): Promise<void> {
  await using bed = await TestBed.open({ ...STEADY_VENUE, oddMarkets: 0, markets: o.tokens / 2, tradesPerSecond: 200 });
  const { ingestor } = await bed.startRecorder({
    scheduler: { SHARD_TOKENS_TARGET: String(o.tokens / o.shards) },
    ingestor: { CONNECT_PACE_MS: '100' }, // the default; a loaded machine delays single connections by hundreds of ms
  });
  bed.venue.startTrading();
  await bed.recorded(300);

  const before = bed.venue.status().socketsConnected;
  expect(bed.venue.drop()).toBe(o.shards);
  const droppedAtMs = Date.now();
  await until(
    'all tokens covered again',
    async () =>
      servedTokens(bed.venue) === o.tokens && (await ingestor.metric('polytape_ingestor_tokens_covered')) === o.tokens,
    { withinMs: 10_000, seen: () => JSON.stringify(bed.venue.status().sockets) },
  );
  const coveredAfterMs = Date.now() - droppedAtMs;
  const { socketsConnected, sockets } = bed.venue.status();
  const backAfterMs = sockets.map(({ connectedAtMs }) => connectedAtMs - droppedAtMs).sort((a, b) => a - b);
  await bed.recorded(300);
  await bed.drained(ingestor);

  const { missing, duplicates } = await bed.compare();
  console.info(
    `${o.shards} connections came back ${backAfterMs[0]} to ${backAfterMs.at(-1)} ms after they were dropped; covered ` +
      `after ${coveredAfterMs} ms; ${missing.length} trades were executed meanwhile.`,
  );
  // They do not all hit a venue that has just restarted in the same moment.
  expect(socketsConnected - before).toBe(o.shards);
  expect(mostWithin(250, backAfterMs)).toBeLessThanOrEqual(o.shards / 2);
  expect(duplicates).toBe(0);
  expect(missing.length).toBeGreaterThan(0);
  expect(missing).toEqual(bed.sentToNobody);
}

/**
 * Resolves when no stalled socket is open and this number of others serve this number of tokens. Returns how long that took.
 *
 * @param o.withinMs The time limit that is tested.
 */
export async function replaced(
  { venue }: TestBed,
  { sockets, tokens, ...o }: { sockets: number; tokens: number; withinMs?: number },
): Promise<number> {
  const beganAtMs = performance.now();
  const isSo = () => {
    const open = venue.status().sockets;
    return open.length === sockets && !open.some(({ stalled }) => stalled) && servedTokens(venue) === tokens;
  };
  await until('only live connections', isSo, { ...o, seen: () => JSON.stringify(venue.status().sockets) });
  return Math.round(performance.now() - beganAtMs);
}

/** Tokens that the venue serves on all its open sockets together. */
export function servedTokens(venue: VenueSim): number {
  return venue.status().sockets.reduce((sum, socket) => sum + socket.served, 0);
}

/** The largest number of these sorted times within an interval of this length. */
function mostWithin(ms: number, times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}
