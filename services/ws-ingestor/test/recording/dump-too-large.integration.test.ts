import { describe, expect, test } from 'vitest';
import { RecorderBed } from './recorder-bed.ts';

const SMALL = { frameBytesMax: 8_000 };
const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('a shard whose first books exceed the frame limit', () => {
  test('is reported as too large, until it is smaller', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: TEN }, recorders: SMALL });
    await bed.until('reported', () => bed.service(0)?.dumpTooLarge === true);
    expect(bed.service(0)).toEqual({ state: 'opening', version: 1, dumpTooLarge: true });
    expect(bed.status(0)).toMatchObject({ dumpTooLarge: true });
    await bed.until('tried again', () => bed.counters.framesTooLarge > 1);
    expect(bed.loggedAt('error')).toEqual([
      'The first books of the 20 tokens of shard 0 exceed the frame limit, so the shard is not recorded. Asking the scheduler to split it.',
    ]);

    bed.assign(0, [0]);
    await bed.covered();
    expect(bed.service(0)).toEqual({ state: 'covered', version: 2 });
    expect(bed.status(0).dumpTooLarge).toBeUndefined();
  });

  test('that has grown in place stays covered by its old connection', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, recorders: SMALL });
    await bed.covered();
    for (let markets = 2; markets <= TEN.length; markets += 1) {
      bed.assign(0, TEN.slice(0, markets));
      await bed.covered();
    }
    bed.command(0);
    await bed.until('reported', () => bed.service(0)?.dumpTooLarge === true);
    expect(bed.loggedAt('warn')[0]).toMatch(/exceed the frame limit. Asking the scheduler to split the shard/);
    // The old connection has the books, and is kept.
    expect(bed.service(0)).toMatchObject({ state: 'covered', version: 10 });
    expect(bed.loggedAt('error')).toEqual([]);
    bed.assign(0, [0]);
    await bed.until('no longer', () => bed.service(0)?.dumpTooLarge === undefined);
  });
});
