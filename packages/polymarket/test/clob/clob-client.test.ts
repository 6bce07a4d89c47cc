import { describe, expect, onTestFinished, test } from 'vitest';
import { type BookBatch, ClobClient, type QuoteBatch } from '../../src/clob/clob-client.ts';
import type { FailedBatch } from '../../src/http/in-batches.ts';
import { VenueHttp } from '../../src/http/venue-http.ts';
import { VenueRefusedError, VenueUnavailableError } from '../../src/venue-errors.ts';
import { json, LocalRest, status } from '../http/local-rest.ts';
import { DEEP, jsonSample } from '../json-sample.ts';
import { RecordingLog } from '../recording.ts';

type RawBook = { market: string; asset_id: string };
const sampleBooks = jsonSample<RawBook[]>('clob-books.json');
const quotes = jsonSample<{ prices: Record<string, object>; lastTradesPrices: object[]; tokens: string[] }>(
  'clob-quotes.json',
);
const { signal } = new AbortController();
const tokens = (count: number) => Array.from({ length: count }, (_, index) => String(1_000 + index));
const bookOf = (tokenId: string) => ({ ...sampleBooks[0], asset_id: tokenId });

type Routes = Record<string, (ids: string[], index: number) => Parameters<typeof LocalRest.start>[number]>;

/** A CLOB that answers each route by the requested tokens. */
async function aClob(routes: Routes, path = '') {
  const rest = await LocalRest.answering(({ url, body }, index) => {
    const wanted: { token_id: string }[] = body === '' ? [] : JSON.parse(body);
    const ids = [...new Set(wanted.map(({ token_id }) => token_id))];
    return routes[url.pathname]?.(ids, index) ?? status(404, 'no such route');
  });
  onTestFinished(() => rest[Symbol.asyncDispose]());
  const http = new VenueHttp({ log: new RecordingLog(), backoffMsMin: 2, backoffMsMax: 5 });
  return { rest, http, client: new ClobClient({ url: `${rest.url}${path}`, http }) };
}

async function collected<Batch extends object>(batches: AsyncIterable<Batch | FailedBatch>) {
  const answered: Batch[] = [];
  const failed: FailedBatch['failed'][] = [];
  for await (const batch of batches) 'failed' in batch ? failed.push(batch.failed) : answered.push(batch);
  return { answered, failed };
}

describe('books', () => {
  test('are requested 250 at a time', async () => {
    const { rest, client } = await aClob({ '/books': (ids) => json(ids.map(bookOf)) });
    const { answered, failed } = await collected<BookBatch>(client.books(tokens(600), signal));
    expect(answered.flatMap(({ books }) => books.map(({ tokenId }) => tokenId)).toSorted()).toEqual(tokens(600));
    expect(answered.every(({ unknown, bad }) => unknown.length === 0 && bad.length === 0)).toBe(true);
    expect(failed).toEqual([]);
    expect(rest.requests.map(({ body }) => JSON.parse(body).length).toSorted()).toEqual([100, 250, 250]);
    expect(JSON.parse(rest.requests[0]?.body ?? '')[0]).toEqual({ token_id: '1000' });
  });

  test('that the venue does not have are unknown', async () => {
    const { client } = await aClob({ '/books': (ids) => json(ids.slice(1).map(bookOf)) });
    const { answered } = await collected<BookBatch>(client.books(['1', '2', '3'], signal));
    expect(answered).toMatchObject([{ books: [{ tokenId: '2' }, { tokenId: '3' }], unknown: ['1'], bad: [] }]);
  });

  test('of a batch without any are all unknown, even if the venue answers 404', async () => {
    const none = status(404, '{"error":"No orderbook exists for the requested token id"}');
    const { client } = await aClob({ '/books': () => none });
    const { answered } = await collected<BookBatch>(client.books(['1', '2'], signal));
    expect(answered).toEqual([{ books: [], unknown: ['1', '2'], bad: [] }]);
  });

  test('on a missing route have failed and are not unknown', async () => {
    const { client } = await aClob({});
    const { answered, failed } = await collected<BookBatch>(client.books(['1', '2'], signal));
    expect(answered).toEqual([]);
    expect(failed).toMatchObject([{ ids: ['1', '2'], error: { name: 'VenueAnswerError', status: 404 } }]);
  });

  test('that are bad do not affect the others', async () => {
    const odd = [
      { ...bookOf('2'), bids: [{ price: '2', size: '1' }] },
      { ...bookOf('5'), min_order_size: DEEP },
      { bids: [], asks: [] },
      null,
      bookOf('7'),
      bookOf('1'),
    ];
    const { client } = await aClob({ '/books': () => json([bookOf('1'), ...odd, bookOf('3')]) });
    const { answered } = await collected<BookBatch>(client.books(['1', '2', '3', '4', '5'], signal));
    expect(answered).toMatchObject([
      {
        books: [{ tokenId: '1' }, { tokenId: '3' }],
        unknown: ['4'],
        bad: [
          {
            id: '2',
            reason: 'bids price is "2", not a price from 0 to 1',
            raw: expect.stringContaining('"asset_id":"2"'),
          },
          { id: '5', reason: 'nested too deeply', raw: expect.stringContaining('"asset_id":"5"') },
          { id: null, reason: 'asset_id is missing, not a token id', raw: '{"bids":[],"asks":[]}' },
          { id: null, reason: 'the book is null, not an object', raw: 'null' },
          { id: '7', reason: 'not requested, or answered twice' },
          { id: '1', reason: 'not requested, or answered twice' },
        ],
      },
    ]);
  });

  test.each([
    ['429', status(429), 'VenueThrottledError'],
    ['500', status(500), 'VenueUnavailableError'],
    ['HTML', status(200, '<html>', { 'content-type': 'text/html' }), 'VenueAnswerError'],
    ['no list', json({ error: 'busy' }), 'VenueAnswerError'],
  ])('of a batch with the answer %s have failed, and the others come', async (_, answer, name) => {
    const { client } = await aClob({ '/books': (ids) => (ids.includes('1250') ? answer : json(ids.map(bookOf))) });
    const { answered, failed } = await collected<BookBatch>(client.books(tokens(600), signal));
    expect(answered.flatMap(({ books }) => books)).toHaveLength(350);
    expect(failed).toMatchObject([{ ids: tokens(600).slice(250, 500), error: { name } }]);
  });

  test('end with the error of a host that is away', async () => {
    const { client } = await aClob({ '/books': () => status(503) });
    await expect(collected(client.books(tokens(3_000), signal))).rejects.toBeInstanceOf(VenueUnavailableError);
  });

  test('end at once if the venue refuses the client', async () => {
    const { rest, client } = await aClob({ '/books': () => status(403) });
    await expect(collected(client.books(tokens(3_000), signal))).rejects.toBeInstanceOf(VenueRefusedError);
    expect(rest.requests.length).toBeLessThanOrEqual(4);
  });

  test('of a batch that is too long for the venue come in smaller ones', async () => {
    const { client } = await aClob({ '/books': (ids) => (ids.length > 100 ? status(413) : json(ids.map(bookOf))) });
    const { answered, failed } = await collected<BookBatch>(client.books(tokens(250), signal));
    expect(answered.flatMap(({ books }) => books)).toHaveLength(250);
    expect(failed).toEqual([]);
  });
});

describe('quotes', () => {
  const told = {
    '/prices': () => json(quotes.prices),
    '/last-trades-prices': () => json(quotes.lastTradesPrices),
  };

  test('combine both sides and the last trade, with null for missing prices', async () => {
    const { rest, client } = await aClob(told);
    const [a, b, c, d] = quotes.tokens;
    const { answered } = await collected<QuoteBatch>(client.quotes([...quotes.tokens, '99'], signal));
    expect(answered).toEqual([
      {
        quotes: [
          { tokenId: a, lastPrice: '0.83', bestBid: '0.48', bestAsk: '0.49', midpoint: '0.485' },
          { tokenId: b, lastPrice: '0.06', bestBid: '0.063', bestAsk: '0.068', midpoint: '0.0655' },
          { tokenId: c, lastPrice: null, bestBid: null, bestAsk: null, midpoint: null },
          { tokenId: d, lastPrice: '0.2', bestBid: null, bestAsk: null, midpoint: null },
        ],
        unknown: ['99'],
        bad: [],
      },
    ]);
    expect(rest.requests.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'POST /prices',
      'POST /last-trades-prices',
    ]);
    expect(JSON.parse(rest.requests[0]?.body ?? '').slice(0, 2)).toEqual([
      { token_id: a, side: 'BUY' },
      { token_id: a, side: 'SELL' },
    ]);
  });

  test('are kept if another one is bad', async () => {
    const { client } = await aClob({
      '/prices': () => json({ 1: { BUY: '7' }, 2: { BUY: '0.1', SELL: '0.2' }, __proto__: { BUY: '0.3' } }),
      '/last-trades-prices': () =>
        json([
          { price: '0.1', side: 'BUY' },
          { token_id: '8', price: '1', side: 'BUY' },
        ]),
    });
    const { answered } = await collected<QuoteBatch>(client.quotes(['1', '2', '3'], signal));
    expect(answered).toMatchObject([
      {
        quotes: [{ tokenId: '2', bestBid: '0.1', bestAsk: '0.2', midpoint: '0.15' }],
        unknown: ['3'],
        bad: [
          { id: null, reason: 'token_id is missing or malformed' },
          { id: '8', reason: 'not requested' },
          { id: '1', reason: 'BUY is "7", not a price from 0 to 1' },
        ],
      },
    ]);
  });

  test('without last trades have failed, because they would look never traded', async () => {
    const { client } = await aClob({ ...told, '/last-trades-prices': () => status(500) });
    const { answered, failed } = await collected<QuoteBatch>(client.quotes(['1'], signal));
    expect(answered).toEqual([]);
    expect(failed).toMatchObject([
      { ids: ['1'], error: { name: 'VenueUnavailableError', path: '/last-trades-prices' } },
    ]);
  });

  test('are requested for 250 tokens at a time, which are 500 sides', async () => {
    const { rest, client } = await aClob({ '/prices': () => json({}), '/last-trades-prices': () => json([]) });
    const { answered } = await collected<QuoteBatch>(client.quotes(tokens(251), signal));
    expect(answered.flatMap(({ unknown }) => unknown).toSorted()).toEqual(tokens(251));
    expect(Math.max(...rest.requests.map(({ body }) => JSON.parse(body).length))).toBe(500);
  });
});

describe('an address', () => {
  test('may have a path, which the routes then follow', async () => {
    const { client } = await aClob({ '/relay/books': (ids) => json(ids.map(bookOf)) }, '/relay/');
    const { answered } = await collected<BookBatch>(client.books(tokens(1), signal));
    expect(answered).toMatchObject([{ books: [{ tokenId: '1000' }] }]);
  });

  test.each(['', 'clob', 'wss://clob.invalid'])('%j is refused at once', (url) => {
    expect(() => new ClobClient({ url, http: new VenueHttp({ log: new RecordingLog() }) })).toThrow(RangeError);
  });
});
