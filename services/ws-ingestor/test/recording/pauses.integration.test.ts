import { describe, expect, test } from 'vitest';
import { timePasses } from '../time-passes.ts';
import { RecorderBed } from './recorder-bed.ts';

describe('fills that look the same', () => {
  const fill = {
    side: 'BUY' as const,
    price: '0.5',
    size: '10',
    transactionHash: `0x${'ab'.repeat(32)}`,
    timestamp: '1790000000000',
  };

  test('are two trades even if a pause of over two minutes lies between their readings', async ({ skip }) => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] }, queueMax: 5 });
    if (!bed.nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await bed.covered();
    const tokenId = bed.tokenOf(0);
    bed.venue.trade({ ...fill, tokenId });
    await bed.until('the first fill', () => bed.counters.trades === 1);
    expect(await bed.stored()).toBe(1);

    await bed.nats.kill();
    await bed.until('the broker away', () => !bed.bus.connected);
    for (let trades = 0; trades < 10; trades += 1) bed.venue.trade({ tokenId });
    await bed.until('a full queue', () => bed.isPaused);
    for (let trades = 0; trades < 3_000; trades += 1) bed.venue.trade({ tokenId });
    bed.venue.trade({ ...fill, tokenId });
    timePasses(130_000);
    await turned(bed);
    await bed.nats.start();
    await bed.until('everything read', () => bed.counters.trades === 3_012);
    expect(await bed.stored()).toBe(3_012);
  });

  test('are two trades even if the process was held up between them', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0] } });
    await bed.covered();
    const tokenId = bed.tokenOf(0);
    bed.venue.trade({ ...fill, tokenId });
    await bed.until('the first fill', () => bed.counters.trades === 1);
    timePasses(130_000);
    await turned(bed);
    bed.venue.trade({ ...fill, tokenId });
    await bed.until('the second fill', () => bed.counters.trades === 2);
    expect(await bed.stored()).toBe(2);
  });
});

/** Resolves when the recorders have run with the new time. */
async function turned(bed: RecorderBed): Promise<void> {
  let looks = 0;
  await bed.until('turns of the recorders', () => {
    looks += 1;
    return looks > 2;
  });
}
