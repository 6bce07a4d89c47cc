import { describe, expect, test } from 'vitest';
import { EDITIONS, openDatabase } from '../open-database.ts';
import { batch, book, CONDITION, market, NOON_MS, price, TOKEN_NO, TOKEN_YES } from './sample-batch.ts';

describe.each(EDITIONS)('a snapshot, $edition,', ({ timescale }) => {
  test('of prices shows in price_tape as it was published', async () => {
    await using opened = await openDatabase({ timescale });
    const nothing = { lastPrice: null, bestBid: null, bestAsk: null, midpoint: null, volume24h: null };
    const prices = [price(), price({ tokenId: TOKEN_NO, ...nothing })];
    await opened.database.apply(batch(0, 2, { prices, markets: [market()] }));
    expect(await opened.sql('SELECT * FROM price_tape ORDER BY outcome DESC')).toEqual([
      {
        ts: new Date(NOON_MS),
        token_id: TOKEN_YES,
        condition_id: CONDITION,
        question: market().question,
        outcome: 'Yes',
        last_price: '0.925',
        best_bid: '0.92',
        best_ask: '0.93',
        midpoint: '0.925',
        spread: '0.01',
        volume_24h: '8901.2',
        seen_at: new Date(NOON_MS + 1_204),
      },
      {
        ts: new Date(NOON_MS),
        token_id: TOKEN_NO,
        condition_id: CONDITION,
        question: market().question,
        outcome: 'No',
        last_price: null,
        best_bid: null,
        best_ask: null,
        midpoint: null,
        spread: null,
        volume_24h: null,
        seen_at: new Date(NOON_MS + 1_204),
      },
    ]);
  });

  test('of a book shows in book_tape as it was published, with its age', async () => {
    await using opened = await openDatabase({ timescale });
    const empty = { bids: [], bestBid: null, spread: null, midpoint: null };
    const books = [
      book(),
      book({ tokenId: TOKEN_NO, ...empty, tickSize: null, exchangeAtMs: null, hash: null, hashMatches: null }),
    ];
    await opened.database.apply(batch(0, 2, { books, markets: [market()] }));
    expect(
      await opened.sql('SELECT *, extract(epoch FROM age)::float8 AS age FROM book_tape ORDER BY outcome DESC'),
    ).toEqual([
      {
        ts: new Date(NOON_MS),
        token_id: TOKEN_YES,
        condition_id: CONDITION,
        question: market().question,
        outcome: 'Yes',
        best_bid: '0.92',
        best_ask: '0.93',
        spread: '0.01',
        midpoint: '0.925',
        bids: book().bids,
        asks: book().asks,
        tick_size: '0.001',
        exchange_at: new Date(NOON_MS - 61_796),
        seen_at: new Date(NOON_MS + 1_204),
        age: 63,
        hash: '0a1b'.repeat(10),
        hash_matches: true,
      },
      expect.objectContaining({
        token_id: TOKEN_NO,
        best_bid: null,
        spread: null,
        bids: [],
        exchange_at: null,
        age: null,
        hash: null,
        hash_matches: null,
      }),
    ]);
  });

  test('of a crossed book has a spread below 0', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.database.apply(batch(0, 1, { books: [book({ spread: '-0.015', hashMatches: false })] }));
    expect(await opened.sql('SELECT spread, hash_matches FROM book_tape')).toEqual([
      { spread: '-0.015', hash_matches: false },
    ]);
  });

  test('of a token and interval is the first one, in one batch or in two', async () => {
    await using opened = await openDatabase({ timescale });
    const { database, sql } = opened;
    const second = { lastPrice: '0.1', seenAtMs: NOON_MS };
    await database.apply(batch(0, 2, { prices: [price(), price(second)], books: [book(), book({ bids: [] })] }));
    await database.apply(batch(2, 3, { prices: [price(second)], books: [book({ bids: [] })] }));
    await database.apply(batch(3, 4, { prices: [price({ ...second, intervalStartMs: NOON_MS + 60_000 })] }));
    expect(await sql('SELECT last_price FROM price_tape ORDER BY ts')).toEqual([
      { last_price: '0.925' },
      { last_price: '0.1' },
    ]);
    expect(await sql('SELECT bids FROM book_tape')).toEqual([{ bids: book().bids }]);
  });
});

test('a book of the size of a message is stored whole', async () => {
  await using opened = await openDatabase({ timescale: true });
  const bids = Array.from({ length: 40_000 }, (_, at): [string, string] => [`0.${at + 1}`, `${at}.123456`]);
  await opened.database.apply(batch(0, 1, { books: [book({ bids })] }));
  const [row] = await opened.sql<{ bids: unknown }>('SELECT bids FROM book_tape');
  expect(row?.bids).toEqual(bids);
});
