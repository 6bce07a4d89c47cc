import { describe, expect, test } from 'vitest';
import { TestBed, until } from '../src/index.ts';

describe('three ingestors with redundancy 3', () => {
  test('record every trade once, even if two of them are killed one after the other', async () => {
    // Many fills are indistinguishable. Each of them is kept once because every connection numbers them alike.
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
    // A newcomer numbers indistinguishable fills from 0, while the others count on.
    const joined = await bed.start('ws-ingestor', REDUNDANT);
    await bed.covered(joined, scheduler);
    await second.process.kill();
    await recorded(bed, 500);
    await bed.drained(third, joined);

    const { executed, recorded: rows, missing, duplicates } = await bed.compare();
    expect({ missing: missing.length, duplicates }).toEqual({ missing: 0, duplicates: 0 });
    expect(rows).toBe(executed);
    // Both survivors published every trade, so the broker saw duplicates of each.
    expect(await third.metric('polytape_ingestor_publish_duplicates_total')).toBeGreaterThan(0);
    expect(await joined.metric('polytape_ingestor_publish_duplicates_total')).toBeGreaterThan(0);
    expect(await bed.probe.deadLetterReasons()).toEqual([]);
  }, 120_000);
});

/** Each of the three records every shard. */
const REDUNDANT = { REDUNDANCY: '3' };

/** Resolves when this number of further trades is in the database. */
async function recorded(bed: TestBed, more: number): Promise<void> {
  const before = await bed.probe.position('TRADES');
  await until(`${more} more trades recorded`, async () => (await bed.probe.position('TRADES')) >= before + more);
}
