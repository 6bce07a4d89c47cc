import { POWER_LOSSES } from '@polytape/test-servers';
import { expect } from 'vitest';
import { TestBed } from '../test-bed.ts';

/**
 * The broker's machine loses power in the middle of this load, again and again, and each time the newest messages of TRADES are
 * damaged in another way. Expects every trade of the venue in the log and in the database once, and no alarm.
 *
 * @returns False if the broker is not ours to kill.
 */
export async function recordThroughPowerLosses(load: {
  markets: number;
  tradesPerSecond: number;
  quotesPerTrade: number;
}): Promise<boolean> {
  await using bed = await TestBed.open({ ...load, burst: null });
  if (bed.nats.losePower === undefined) return false;
  const { ingestor } = await bed.startRecorder({ scheduler: { SHARD_TOKENS_TARGET: '200' } });
  bed.venue.startTrading();
  for (const how of POWER_LOSSES) {
    await bed.recorded(1_000);
    // The test is worth nothing if the server lost nothing.
    expect(await bed.nats.losePower(how), how).toBeGreaterThan(1_000);
    await bed.recorded(1_000);
  }
  await bed.drained(ingestor);

  expect(await bed.compare()).toMatchObject({ missing: [], duplicates: 0 });
  expect(await bed.compareWithLog()).toMatchObject({ missing: [], surplus: [] });
  expect(await bed.probe.deadLetterReasons()).toEqual([]);
  const kinds = await bed.probe.lossKinds();
  expect(kinds.filter((kind) => kind !== 'tail_rewritten')).toEqual([]);
  return true;
}
