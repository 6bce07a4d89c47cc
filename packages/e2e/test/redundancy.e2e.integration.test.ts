import { describe, expect, test } from 'vitest';
import { TestBed, until } from '../src/index.ts';

describe('several ingestors on the same shards, with a redundancy of as many', () => {
  test('record every trade once, though one after the other is killed', async () => {
    // Many fills that look the same: numbering them alike on every connection is what keeps each of them, once.
    await using bed = await TestBed.open({
      ...{ markets: 60, tradesPerSecond: 300, quotesPerTrade: 4, burst: null, identicalShare: 0.3 },
      ...{ openPerMinute: 0, closePerMinute: 0 },
    });
    const scheduler = await bed.start('scheduler', { SHARD_TOKENS_TARGET: '80' });
    await bed.start('writer');
    const [first, second, third] = await Promise.all([
      bed.start('ws-ingestor', REDUNDANT),
      bed.start('ws-ingestor', REDUNDANT),
      bed.start('ws-ingestor', REDUNDANT),
    ]);
    for (const ingestor of [first, second, third]) await bed.covered(ingestor, scheduler);
    bed.venue.startTrading();
    await recorded(bed, 500);

    await first.process.kill();
    await recorded(bed, 200);
    // One that joins in the middle numbers from 0 again what the others have numbered on.
    const joined = await bed.start('ws-ingestor', REDUNDANT);
    await bed.covered(joined, scheduler);
    await second.process.kill();
    await recorded(bed, 500);
    await bed.drained(third, joined);

    const { executed, recorded: rows, missing, duplicates } = await bed.compare();
    expect({ missing: missing.length, duplicates }).toEqual({ missing: 0, duplicates: 0 });
    expect(rows).toBe(executed);
    // Both of the survivors were heard: what one had, the broker was offered by the other as well.
    expect(await third.metric('polytape_ingestor_publish_duplicates_total')).toBeGreaterThan(0);
    expect(await joined.metric('polytape_ingestor_publish_duplicates_total')).toBeGreaterThan(0);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
  }, 120_000);
});

/** Each of three records everything. */
const REDUNDANT = { REDUNDANCY: '3' };

/** Resolves when so many more trades are in the database. */
async function recorded(bed: TestBed, more: number): Promise<void> {
  const before = await bed.probe.position('TRADES');
  await until(`${more} more trades recorded`, async () => (await bed.probe.position('TRADES')) >= before + more);
}
