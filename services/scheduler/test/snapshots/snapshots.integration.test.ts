import {
  type BookBatch,
  type ClobBook,
  ClobClient,
  type FailedBatch,
  GammaClient,
  VenueHttp,
  VenueUnavailableError,
} from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { type BookSnapshot, type PriceSnapshot, pageOf, type SnapshotPage } from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test, vi } from 'vitest';
import { BookSnapshots } from '../../src/snapshots/book-snapshots.ts';
import { PriceSnapshots } from '../../src/snapshots/price-snapshots.ts';
import { logBed } from '../markets/log-bed.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe('prices', () => {
  test('of every trading token are published, and later those that changed', async () => {
    await using v = await venueBed({ markets: 300 });
    const prices = new PriceSnapshots({ ...v.parts, intervalMs: 1 });
    expect(await prices.round(v.signal)).toEqual({ items: 600, errors: 0 });
    const first = await v.snapshots<PriceSnapshot>('PRICES');
    expect(new Set(first.map(({ tokenId }) => tokenId))).toEqual(new Set(v.tokenIds()));

    expect(await prices.round(v.signal)).toEqual({ items: 600, errors: 0 });
    expect(await v.snapshots('PRICES')).toHaveLength(600);

    const { tokenId, price, conditionId } = v.venue.trade();
    await prices.round(v.signal);
    const changed = (await v.snapshots<PriceSnapshot>('PRICES')).slice(600);
    expect(changed.find((snapshot) => snapshot.tokenId === tokenId)).toMatchObject({ lastPrice: price });
    for (const snapshot of changed) expect(snapshot).toMatchObject({ conditionId, volume24h: '12.5' });
  });

  test('of one round belong to one interval, which is the same for two overlapping leaders', async () => {
    await using v = await venueBed({ markets: 10 });
    const ageMs = 60 * 60_000; // long enough that no interval starts during the test; in the rare case that one does, there are two
    for (let leader = 0; leader < 2; leader += 1) {
      await new PriceSnapshots({ ...v.parts, intervalMs: ageMs }).round(v.signal);
    }
    const slots = Map.groupBy(await v.snapshots<PriceSnapshot>('PRICES'), ({ intervalStartMs }) => intervalStartMs);
    for (const [intervalStartMs, snapshots] of slots) {
      expect(intervalStartMs % ageMs).toBe(0);
      expect(snapshots).toHaveLength(40); // the database keeps the first of each token
      expect(new Set(snapshots.map(({ tokenId }) => tokenId)).size).toBe(20);
    }
  });

  test('of markets on the same page share messages, so that a batch takes few of them', async () => {
    await using v = await venueBed({ markets: 300 });
    await new PriceSnapshots({ ...v.parts, intervalMs: 60_000 }).round(v.signal);
    const pages = (await v.pages<SnapshotPage<PriceSnapshot>>('PRICES')).map(({ snapshots }) =>
      [...new Set(snapshots.map(({ conditionId }) => pageOf(conditionId)))].join(),
    );
    expect(new Set(pages)).toEqual(new Set(v.conditionIds().map(pageOf)));
    const batchesOf250 = 3;
    expect(pages.length).toBeLessThan(new Set(pages).size + batchesOf250); // a page that two batches share has two
  });

  test('that the venue does not have are null, not 0', async () => {
    await using v = await venueBed({ markets: 1 });
    const [tokenId = ''] = v.tokenIds();
    const quote = { tokenId, lastPrice: null, bestBid: '0.4', bestAsk: null, midpoint: null };
    const clob = { quotes: batches([{ quotes: [quote], unknown: [], bad: [] }]) };
    await new PriceSnapshots({ ...v.parts, clob, intervalMs: 60_000 }).round(v.signal);
    expect(await v.snapshots('PRICES')).toMatchObject([{ tokenId, lastPrice: null, bestBid: '0.4', midpoint: null }]);
  });

  test('of markets that accept no orders are not requested', async () => {
    await using v = await venueBed({ markets: 2 });
    const [market] = [...v.parts.registry.open()];
    const { version: _, seenAtMs: __, resolution: ___, ...description } = market ?? (undefined as never);
    v.parts.registry.observe({ ...description, acceptingOrders: false }, { nowMs: 0 });
    const prices = new PriceSnapshots({ ...v.parts, intervalMs: 60_000 });
    expect(await prices.round(v.signal)).toMatchObject({ items: 2 });
  });

  test('are published as far as they came, and a failed batch counts as an error', async () => {
    await using v = await venueBed({ markets: 1 });
    const [tokenId = '', other = ''] = v.tokenIds();
    const quote = { tokenId, lastPrice: '0.4', bestBid: null, bestAsk: null, midpoint: null };
    const error = new VenueUnavailableError({ host: 'clob', path: '/prices' }, 'answered 500');
    const failed: FailedBatch = { failed: { ids: [other], error } };
    const bad = [{ id: null, reason: 'price is none', raw: '{}' }];
    const clob = { quotes: batches([failed, { quotes: [quote], unknown: ['1', '2'], bad }]) };
    const prices = new PriceSnapshots({ ...v.parts, clob, intervalMs: 60_000 });
    expect(await prices.round(v.signal)).toEqual({ items: 1, errors: 2 });
    expect(await v.snapshots('PRICES')).toHaveLength(1);
    expect(v.parts.counters).toMatchObject({ pricesPublished: 1, pricesUnknown: 2 });

    const silent = new PriceSnapshots({ ...v.parts, clob: { quotes: batches([failed]) }, intervalMs: 60_000 });
    await expect(silent.round(v.signal)).rejects.toBe(error); // without any answer the round fails
  });

  test('that change within an interval are published in the next one', async () => {
    await using v = await venueBed({ markets: 1 });
    const [tokenId = ''] = v.tokenIds();
    let price = '0.4';
    const clob = {
      async *quotes() {
        yield {
          quotes: [{ tokenId, lastPrice: price, bestBid: null, bestAsk: null, midpoint: null }],
          unknown: [],
          bad: [],
        };
      },
    };
    vi.useFakeTimers({ toFake: ['Date'], now: 90_000 });
    try {
      // As after a change of leader, when the tape has the old leader's reading of the interval.
      const options = { ...v.parts, clob, intervalMs: 60_000, termBeganAtMs: Date.now() };
      await new PriceSnapshots(options).round(v.signal);
      price = '0.5';
      const next = new PriceSnapshots(options);
      await next.round(v.signal);
      vi.setSystemTime(120_000);
      await next.round(v.signal);
    } finally {
      vi.useRealTimers();
    }
    const published = (await v.snapshots<PriceSnapshot>('PRICES')).map(({ intervalStartMs, lastPrice }) => [
      intervalStartMs,
      lastPrice,
    ]);
    expect(published).toEqual([
      [60_000, '0.4'],
      [60_000, '0.5'], // the database has another reading of this interval
      [120_000, '0.5'],
    ]);
  });

  test('that NATS rejects do not count as published', async () => {
    await using v = await venueBed({ markets: 1 });
    const [tokenId = ''] = v.tokenIds();
    const lastPrice = `0.${'4'.repeat(9 * 1_024 * 1_024)}`;
    const clob = {
      async *quotes() {
        yield { quotes: [{ tokenId, lastPrice, bestBid: null, bestAsk: null, midpoint: null }], unknown: [], bad: [] };
      },
    };
    const prices = new PriceSnapshots({ ...v.parts, clob, intervalMs: 1 });
    await prices.round(v.signal);
    expect(v.parts.publisher.stats().rejected).toBe(1);
    await prices.round(v.signal);
    expect(v.parts.publisher.stats().rejected).toBe(2);
  });

  test('are not published by a scheduler that no longer leads', async () => {
    await using v = await venueBed({ markets: 1 });
    v.parts.term.end('somebody else leads');
    const prices = new PriceSnapshots({ ...v.parts, intervalMs: 60_000 });
    await expect(prices.round(v.signal)).rejects.toThrow('somebody else leads');
    expect(await v.snapshots('PRICES')).toEqual([]);
  });
});

describe('books', () => {
  test('of every trading token are published with all levels, best first, and later those that changed', async () => {
    await using v = await venueBed({ markets: 300 });
    const books = new BookSnapshots({ ...v.parts, intervalMs: 300_000, tokensMax: 0 });
    const { items, errors } = await books.round(v.signal);
    expect({ items, errors }).toEqual({ items: 600, errors: 0 });
    const first = await v.snapshots<BookSnapshot>('BOOKS');
    expect(new Set(first.map(({ tokenId }) => tokenId))).toEqual(new Set(v.tokenIds()));
    for (const { bids, asks, bestBid, bestAsk, hashMatches } of first) {
      expect(bids.map(([price]) => Number(price))).toEqual(bids.map(([price]) => Number(price)).sort((a, b) => b - a));
      expect([bids[0]?.[0] ?? null, asks[0]?.[0] ?? null, hashMatches]).toEqual([bestBid, bestAsk, true]);
    }
    await books.round(v.signal);
    expect(await v.snapshots('BOOKS')).toHaveLength(600);
  });

  test('are split over several messages that a server with default limits takes', async () => {
    await using v = await venueBed({ markets: 1 });
    const [first = '', second = ''] = v.tokenIds();
    const [conditionId = ''] = v.conditionIds();
    const level: [string, string] = ['0.25', '1'.repeat(50)];
    const book = (tokenId: string): ClobBook => ({
      ...{ conditionId, tokenId, exchangeAtMs: null, bids: Array.from({ length: 4_000 }, () => level), asks: [] },
      ...{
        bestBid: '0.25',
        bestAsk: null,
        spread: null,
        midpoint: null,
        tickSize: '0.01',
        hash: null,
        hashMatches: null,
      },
    });
    const clob = { books: batches([{ books: [book(first), book(second)], unknown: [], bad: [] }]) };
    await new BookSnapshots({ ...v.parts, clob, intervalMs: 300_000, tokensMax: 0 }).round(v.signal);
    const pages = await v.pages<SnapshotPage<BookSnapshot>>('BOOKS');
    expect(pages.map(({ snapshots }) => snapshots.map(({ tokenId }) => tokenId))).toEqual([[first], [second]]);
  });

  test('with a wrong hash are counted and kept, and tokens without a book are counted', async () => {
    await using v = await venueBed({ markets: 4 });
    const [closed = ''] = v.venue.openMarketList().map(({ conditionId }) => conditionId);
    v.venue.closeMarket(closed);
    v.venue.rest.giveWrongHashes(1);
    const books = new BookSnapshots({ ...v.parts, intervalMs: 300_000, tokensMax: 0 });
    expect(await books.round(v.signal)).toMatchObject({ items: 6, errors: 0 });
    expect(v.parts.counters).toMatchObject({ bookHashDifferences: 6, booksUnknown: 2, booksPublished: 6 });
    expect((await v.snapshots<BookSnapshot>('BOOKS')).every(({ hashMatches }) => hashMatches === false)).toBe(true);
  });

  test('are read in turns if a round cannot hold all, with the age of the oldest', async () => {
    await using v = await venueBed({ markets: 10 });
    const books = new BookSnapshots({ ...v.parts, intervalMs: 300_000, tokensMax: 8 });
    const beganAtMs = Date.now();
    const oldest: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const { items, oldestAtMs } = await books.round(v.signal);
      expect(items).toBe(8);
      oldest.push(oldestAtMs ?? 0);
    }
    const read = (await v.snapshots<BookSnapshot>('BOOKS')).map(({ tokenId }) => tokenId);
    expect(new Set(read)).toEqual(new Set(v.tokenIds()));
    expect(oldest[0]).toBeGreaterThanOrEqual(beganAtMs); // wanted since then
    expect(oldest).toEqual(oldest.toSorted((a, b) => a - b));
    expect(oldest.at(-1)).toBeGreaterThan(oldest[0] ?? 0);
  });

  test('wait for the log if it is slower than the venue', async () => {
    await using v = await venueBed({ markets: 40 });
    await using narrow = v.bus.publisher({ unacknowledgedMax: 1, queueMax: 4 });
    let queuedMost = 0;
    const asked = v.parts.clob;
    const clob = {
      async *books(tokenIds: readonly string[], signal: AbortSignal): AsyncGenerator<BookBatch | FailedBatch> {
        for (let from = 0; from < tokenIds.length; from += 16) {
          queuedMost = Math.max(queuedMost, narrow.stats().queued);
          yield* asked.books(tokenIds.slice(from, from + 16), signal);
        }
      },
    };
    const books = new BookSnapshots({ ...v.parts, clob, publisher: narrow, intervalMs: 300_000, tokensMax: 0 });
    await books.round(v.signal);
    expect(await v.snapshots('BOOKS')).toHaveLength(80);
    expect(queuedMost).toBeLessThanOrEqual(4);
  });
});

/** A quiet venue whose open markets are known, and a log. */
async function venueBed(o: { markets: number }) {
  await using resources = new AsyncDisposableStack();
  const bed = resources.use(await logBed());
  const quiet = { tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0, oddMarkets: 0, trading: false };
  const venue = resources.use(await VenueSim.start({ ...quiet, ...o }));
  const http = new VenueHttp({ log, triesMax: 1 });
  const clob = new ClobClient({ url: venue.urls.clob, http });
  const leader = await bed.leader();
  for await (const { markets } of new GammaClient({ url: venue.urls.gamma, http }).openMarkets(bed.signal)) {
    for (const { settlement: _, ...description } of markets) {
      leader.registry.observe({ ...description, volume24h: '12.5' }, { nowMs: 0 });
    }
  }
  const publisher = resources.use(bed.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 }));
  const parts = { ...leader, publisher, clob, termBeganAtMs: 0 };
  const owned = resources.move();
  return {
    ...{ venue, bus: bed.bus, signal: bed.signal, pages: bed.stored, parts },
    snapshots: async <Snapshot>(stream: 'PRICES' | 'BOOKS') =>
      (await bed.stored<SnapshotPage<Snapshot>>(stream)).flatMap(({ snapshots }) => snapshots),
    conditionIds: () => venue.openMarketList().map(({ conditionId }) => conditionId),
    tokenIds: () => venue.openMarketList().flatMap(({ tokenIds }) => tokenIds),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Answers every request with these batches. */
function batches<Batch>(answers: Batch[]) {
  return async function* () {
    yield* answers;
  };
}
