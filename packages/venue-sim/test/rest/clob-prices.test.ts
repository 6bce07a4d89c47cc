import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions } from '../../src/index.ts';
import { getJson, type Json, postJson } from './rest-client.ts';

const SILENT: VenueSimOptions = { markets: 300, openPerMinute: 0, closePerMinute: 0, tradesPerSecond: 0 };

describe('prices of many tokens', () => {
  test('agree with the books, by POST and by GET, and omit unknown tokens and closed markets', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [closed, ...open] = venue.openMarketList().slice(0, 20) as [MarketReference, ...MarketReference[]];
    venue.closeMarket(closed.conditionId);
    const ids = open.flatMap(({ tokenIds }) => tokenIds);
    const wanted = [...ids, closed.tokenIds[0], '123'].map((token_id) => ({ token_id }));
    const books: Json[] = await postJson(`${venue.urls.clob}/books`, wanted);
    expect(books.map((book) => book.asset_id)).toEqual(ids);
    const expected = Object.fromEntries(
      books.map(({ asset_id, bids, asks }) => [
        asset_id,
        { BUY: bids.at(-1)?.price ?? '0', SELL: asks.at(-1)?.price ?? '0' },
      ]),
    );
    expect(await postJson(`${venue.urls.clob}/prices`, wanted)).toEqual(expected);
    const [first = ''] = ids;
    expect(await getJson(`${venue.urls.clob}/prices?token_ids=${first}&sides=BUY`)).toEqual({
      [first]: { BUY: expected[first]?.BUY },
    });
    const midpoints = await postJson(`${venue.urls.clob}/midpoints`, wanted);
    const spreads = await postJson(`${venue.urls.clob}/spreads`, wanted);
    for (const id of ids) {
      const { BUY, SELL } = expected[id] as { BUY: string; SELL: string };
      expect(Number(midpoints[id])).toBeCloseTo((Number(BUY) + Number(SELL)) / 2, 5);
      expect(Number(spreads[id])).toBeCloseTo(Number(SELL) - Number(BUY), 5);
    }
    expect(Object.keys(midpoints)).toHaveLength(ids.length);
  });

  test('are 0.5 without a side before the first trade, and have the side of each token after it', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [traded, untouched] = venue.openMarketList() as [MarketReference, MarketReference];
    const truth = venue.trade({ tokenId: traded.tokenIds[1], side: 'SELL', price: '0.6' });
    const wanted = [...traded.tokenIds, untouched.tokenIds[0]].map((token_id) => ({ token_id }));
    expect(await postJson(`${venue.urls.clob}/last-trades-prices`, wanted)).toEqual([
      { token_id: traded.tokenIds[0], price: '0.4', side: 'BUY' },
      { token_id: traded.tokenIds[1], price: truth.price, side: 'SELL' },
      { token_id: untouched.tokenIds[0], price: '0.5', side: '' },
    ]);
  });

  test('are refused for more than 500 tokens', async () => {
    await using venue = await VenueSim.start(SILENT);
    const wanted = venue.openMarketList().flatMap(({ tokenIds }) => tokenIds.map((token_id) => ({ token_id })));
    for (const path of ['/books', '/prices', '/midpoints', '/spreads', '/last-trades-prices']) {
      const status = async (count: number): Promise<number> =>
        (await fetch(venue.urls.clob + path, { method: 'POST', body: JSON.stringify(wanted.slice(0, count)) })).status;
      expect([await status(500), await status(501)]).toEqual([200, 400]);
    }
  });
});

describe('the hash of a book', () => {
  test('is correct except for the requested share of books, which the venue counts', async () => {
    await using venue = await VenueSim.start(SILENT);
    const wanted = venue
      .openMarketList()
      .slice(0, 40)
      .map(({ tokenIds }) => ({ token_id: tokenIds[0] }));
    const wrong = async (): Promise<number> => {
      const books: Json[] = await postJson(`${venue.urls.clob}/books`, wanted);
      return books.filter((book) => book.hash !== sha1(book)).length;
    };
    expect(await wrong()).toBe(0);
    await postJson(`${venue.urls.sim}/wrong-hashes`, { oneIn: 8 });
    expect(await wrong()).toBe(5);
    expect(venue.status().rest).toMatchObject({ books: 80, wrongHashes: 5 });
    await postJson(`${venue.urls.sim}/wrong-hashes`, { oneIn: null });
    expect(await wrong()).toBe(0);
  });

  /** The venue's hash: of the compact JSON of the book as received, with an empty hash. */
  function sha1(book: Json): string {
    return createHash('sha1')
      .update(JSON.stringify({ ...book, hash: '' }))
      .digest('hex');
  }
});
