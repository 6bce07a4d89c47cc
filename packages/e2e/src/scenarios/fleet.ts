import type { VenueSimOptions } from '@polytape/venue-sim';
import { expect } from 'vitest';
import { Fleet, movedPlaces } from '../fleet.ts';
import type { ServiceUnderTest } from '../service-under-test.ts';
import { TestBed } from '../test-bed.ts';

/** A venue where no market opens or closes, and where many fills are indistinguishable: each one counts. */
export const STEADY_VENUE: VenueSimOptions = {
  ...{ quotesPerTrade: 3, burst: null, identicalShare: 0.2 },
  ...{ openPerMinute: 0, closePerMinute: 0 },
};

/** Starts a scheduler that plans shards of this size (20 by default), a writer, and this number of ingestors. */
export async function startFleet(
  bed: TestBed,
  o: { ingestors: number; shardTokens?: number; env?: Record<string, string> },
): Promise<{ fleet: Fleet; scheduler: ServiceUnderTest; ingestors: ServiceUnderTest[] }> {
  const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: String(o.shardTokens ?? 20) });
  await bed.start('writer');
  await scheduler.ready();
  const ingestors = await Promise.all(Array.from({ length: o.ingestors }, () => bed.start('ws-ingestor', o.env)));
  return { fleet: new Fleet(bed.bus), scheduler, ingestors };
}

/**
 * Changes the number of ingestors from one to each of these sizes, growing by new ones and shrinking by one SIGTERM at a time.
 * Expects even shares within 20 s, few moved shards, and no missing and no duplicate trade. Prints the counts.
 */
export async function resizeFleet(o: { tokens: number; shards: number; sizes: number[]; extraMovesMax: number }) {
  await using bed = await TestBed.open({ ...STEADY_VENUE, markets: o.tokens / 2, tradesPerSecond: 100 });
  const { fleet, scheduler, ingestors } = await startFleet(bed, { ingestors: 1, shardTokens: o.tokens / o.shards });
  const [first] = ingestors;
  if (first === undefined) throw new Error('no ingestor');
  await bed.covered(first, scheduler);
  bed.venue.startTrading();
  let { coverage } = await fleet.balanced(1);
  expect(coverage.size).toBe(o.shards);

  const stopped: ServiceUnderTest[] = [];
  for (const size of o.sizes) {
    await bed.recorded(100);
    const before = ingestors.length;
    if (size > before) {
      const newcomers = Array.from({ length: size - before }, () => bed.start('ws-ingestor'));
      ingestors.push(...(await Promise.all(newcomers)));
    } else {
      stopped.push(...ingestors.splice(0, before - size));
      for (const { process } of stopped) process.signal('SIGTERM');
    }
    const balanced = await fleet.balanced(size, { withinMs: BALANCED_MS_MAX });
    const moved = movedPlaces(coverage, balanced.coverage);
    console.info(`${before} -> ${size}: even after ${balanced.tookMs} ms; ${moved} of ${o.shards} shards moved.`);
    // What the new ones record, or what the stopped ones recorded, has to move.
    const least = Math.abs(size - before) * Math.floor(o.shards / Math.max(size, before));
    expect(moved).toBeGreaterThanOrEqual(least);
    expect(moved).toBeLessThanOrEqual(least + o.extraMovesMax);
    coverage = balanced.coverage;
  }
  for (const { process } of stopped) expect(await process.exit()).toEqual({ code: 0, signal: null });
  await bed.recorded(100);
  await bed.drained(...ingestors);
  expect(await bed.outcome()).toEqual({ missing: 0, duplicates: 0 });
}

const BALANCED_MS_MAX = 20_000;
