import { describe, expect, test } from 'vitest';
import { RecorderBed } from '../recording/recorder-bed.ts';

describe('a shard of the plan', () => {
  test.each([
    ['the same version', 1],
    ['a lower version', 0],
  ])('that has other tokens under %s is followed', async (_, version) => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1] } });
    await bed.covered();
    bed.assign(0, [1, 2, 3], version);
    await bed.until('the other tokens', () => bed.status(0).connections[0]?.covered === 6);
    expect(bed.service(0)).toEqual({ state: 'covered', version });
    bed.venue.trade({ tokenId: bed.tokenOf(3) });
    await bed.until('a trade in one of them', () => bed.counters.trades === 1);
  });
});
