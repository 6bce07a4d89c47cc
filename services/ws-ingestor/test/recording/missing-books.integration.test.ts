import { describe, expect, test } from 'vitest';
import { RecorderBed } from './recorder-bed.ts';

/** How long a first book is waited for. */
const SOON = { firstBookTimeoutMs: 600 };

describe.concurrent('tokens without a first book', () => {
  test('cause one fresh connection, and are reported if it does not help', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      venue: { booksPerSocketMax: 4 },
      recorders: SOON,
    });
    await bed.until('reported', () => bed.service(0)?.missing !== undefined);
    expect(bed.service(0)).toMatchObject({ state: 'covered', missing: tokensOf(bed, 2) });
    await bed.until('settled', () => bed.counters.recycles.missing_books.completed === 1);
    const settledAtMs = performance.now();
    await bed.until('longer than books are waited for', () => performance.now() - settledAtMs > 1_000);
    expect(bed.counters.recycles.missing_books).toEqual({ started: 1, completed: 1, failed: 0 });
    expect(
      bed.loggedAt('warn').filter((sentence) => sentence.startsWith('2 of 6 tokens got no first book')),
    ).toHaveLength(1);
    expect(bed.status(0).connections[0]).toMatchObject({ tokens: 6, covered: 4 });
  });

  test('are no longer reported once their book has arrived, or they have left the shard', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2, 3] },
      venue: { booksPerSocketMax: 4 },
      recorders: SOON,
    });
    await bed.until('reported', () => bed.service(0)?.missing?.length === 4);
    await bed.until('settled', () => bed.counters.recycles.missing_books.completed === 1);
    bed.assign(0, [0, 1, 2]);
    await bed.until('one left', () => bed.service(0)?.missing?.length === 2);
    bed.venue.limitSockets({ booksPerSocketMax: null });
    bed.command(0);
    await bed.until('the others have their book', () => bed.service(0)?.missing === undefined);
    expect(bed.service(0)).toMatchObject({ state: 'covered', version: 2 });
  });

  test('are no longer reported when their book arrives later, among frames that are not parsed', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      venue: { booksPerSocketMax: 4 },
      recorders: { ...SOON, stallMsMin: 1_000 }, // looked at that often
    });
    await bed.until('settled', () => bed.counters.recycles.missing_books.completed === 1);
    for (const tokenId of tokensOf(bed, 2)) bed.venue.send(bookOf(tokenId));
    await bed.until('covered', () => bed.service(0)?.missing === undefined);
    expect(bed.status(0).connections[0]).toMatchObject({ tokens: 6, covered: 6 });
    expect(bed.loggedAt('info').at(-1)).toBe('Every token of the shard has its book now, or has left the shard.');
  });

  test('cause no connection while they are kept for the overlap with their new shard', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2], 1: [3] },
      venue: { booksPerSocketMax: 4 },
      recorders: { ...SOON, overlapMs: 1_000 },
    });
    await bed.until('reported, and settled', () => bed.counters.recycles.missing_books.completed === 1);
    bed.assign(1, [3, 2]);
    bed.assign(0, [0, 1]);
    await bed.until('the moved one gone', () => bed.status(0).connections[0]?.tokens === 4);
    expect(bed.counters.recycles.missing_books).toEqual({ started: 1, completed: 1, failed: 0 });
    expect(bed.service(1)).toEqual({ state: 'covered', version: 2 });
  });

  test('get one on a fresh connection if the venue has not freed the places of other tokens', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      venue: { booksPerSocketMax: 6, freesUnsubscribed: false },
      recorders: SOON,
    });
    await bed.covered();
    bed.assign(0, [0, 1, 3]);
    await bed.until('replaced', () => bed.counters.recycles.missing_books.completed === 1);
    expect(bed.service(0)).toEqual({ state: 'covered', version: 2 });
    expect(bed.status(0).connections[0]).toMatchObject({ tokens: 6, covered: 6 });
    bed.venue.trade({ tokenId: bed.tokenOf(3) });
    await bed.until('a trade in the new one', () => bed.counters.trades === 1);
  });

  test('are reported, and the old connection is kept, if a fresh one serves fewer tokens', async () => {
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2] },
      venue: { booksPerSocketMax: 6 },
      recorders: SOON,
    });
    await bed.covered();
    const before = bed.connectionOf(0);
    bed.assign(0, [0, 1, 2, 3]);
    bed.venue.limitSockets({ booksPerSocketMax: 4 });
    await bed.until('reported', () => bed.service(0)?.missing !== undefined);
    expect(bed.connectionOf(0)).toBe(before);
    expect(bed.service(0)).toMatchObject({ state: 'covered', missing: tokensOf(bed, 3) });
    expect(bed.counters.recycles.missing_books).toEqual({ started: 1, completed: 0, failed: 1 });
  });

  test('are listed for a covered shard, and a shard that lacks more books than the limit is not covered', async () => {
    const markets = Array.from({ length: 110 }, (_, market) => market);
    await using bed = await RecorderBed.start({
      plan: { 0: [0, 1, 2], 1: markets },
      venue: { markets: 110, booksPerSocketMax: 4 },
      recorders: SOON,
    });
    await bed.until('reported', () => bed.service(0)?.missing !== undefined && bed.service(1)?.missing !== undefined);
    expect(bed.service(0)).toEqual({
      state: 'covered',
      version: 1,
      lacking: tokensOf(bed, 2),
      missing: tokensOf(bed, 2),
    });
    expect(bed.service(1)).toMatchObject({ state: 'opening', version: 1 });
    expect(bed.service(1)?.lacking).toBeUndefined();
  });

  test('are not reported by a connection without any data, because it is dead itself', async () => {
    await using bed = await RecorderBed.start({ plan: { 0: [0, 1, 2] }, recorders: SOON });
    await bed.covered();
    bed.venue.stall({ newSockets: true });
    bed.venue.drop();
    await bed.until('tried in vain', () => bed.counters.recycles.missing_books.failed === 1);
    expect(bed.service(0)).toEqual({ state: 'opening', version: 1, lacking: 'all' });
    bed.venue.unstall('all');
    await bed.covered();
  });
});

function tokensOf(bed: RecorderBed, market: number): string[] {
  return [bed.tokenOf(market, 0), bed.tokenOf(market, 1)];
}

function bookOf(tokenId: string): string {
  const market = `0x${'ab'.repeat(32)}`;
  const book = { market, asset_id: tokenId, timestamp: '1786728432337', hash: '', bids: [], asks: [] };
  return JSON.stringify({ ...book, event_type: 'book' });
}
