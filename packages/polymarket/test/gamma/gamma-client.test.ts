import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GammaClient, type MarketPage } from '../../src/gamma/gamma-client.ts';
import { VenueHttp } from '../../src/http/venue-http.ts';
import { VenueAnswerError, VenueUnavailableError } from '../../src/venue-errors.ts';
import { json, LocalRest, status } from '../http/local-rest.ts';
import { DEEP } from '../json-sample.ts';
import { RecordingLog } from '../recording.ts';

const sample: { markets: object[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'samples', 'gamma-page.json'), 'utf8'),
);

/** Sample markets under other condition ids. */
const markets = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...sample.markets[0],
    conditionId: `0x${(from + index).toString(16).padStart(64, '0')}`,
  }));

async function aGamma(...answers: Parameters<typeof LocalRest.start>) {
  const rest = await LocalRest.start(...answers);
  onTestFinished(() => rest[Symbol.asyncDispose]());
  const http = new VenueHttp({ log: new RecordingLog(), backoffMsMin: 2, backoffMsMax: 5, triesMax: 3 });
  const client = (path = '') => new GammaClient({ url: `${rest.url}${path}`, http });
  return { rest, client };
}

const { signal } = new AbortController();

async function all(client: GammaClient): Promise<MarketPage[]> {
  const pages: MarketPage[] = [];
  for await (const page of client.openMarkets(signal)) pages.push(page);
  return pages;
}

describe('the open markets', () => {
  test('skip one that nests too deeply, without affecting the others', async () => {
    const [first, deep, last] = markets(0, 3);
    const { client } = await aGamma(json({ markets: [first, { ...deep, umaResolutionStatuses: DEEP }, last] }));
    const [page] = await all(client());
    expect(page?.markets.map(({ conditionId }) => conditionId)).toEqual([first?.conditionId, last?.conditionId]);
    expect(page?.skipped).toMatchObject([
      { kind: 'unreadable', reason: 'unreadable: nested too deeply', conditionId: deep?.conditionId },
    ]);
  });

  test('come page by page by their cursors', async () => {
    const { rest, client } = await aGamma(
      json({ markets: markets(0, 3), next_cursor: 'a+b/c=' }),
      json({ markets: markets(3, 3), next_cursor: 'd' }),
      json({ markets: markets(6, 1) }),
    );
    const pages = await all(client());
    expect(pages.map((page) => page.markets.length)).toEqual([3, 3, 1]);
    expect(pages.every(({ doubt }) => doubt === null)).toBe(true);
    expect(rest.requests.map(({ url }) => [url.pathname, url.searchParams.get('after_cursor')])).toEqual([
      ['/markets/keyset', null],
      ['/markets/keyset', 'a+b/c='],
      ['/markets/keyset', 'd'],
    ]);
    for (const { url } of rest.requests) {
      expect(url.searchParams.get('closed')).toBe('false');
      expect(url.searchParams.get('limit')).toBe('100');
      expect(url.searchParams.get('include_tag')).toBe('true');
      expect(url.searchParams.get('order')).toBe('id');
      expect(url.searchParams.has('offset')).toBe(false);
    }
  });

  test.each(['', '/', '/relay/gamma', '/relay/gamma/', '/relay?key=1'])('are found below the path %j', async (path) => {
    const { rest, client } = await aGamma(json({ markets: [], next_cursor: null }));
    await all(client(path));
    const prefix = path.replace(/\?.*/, '').replace(/\/$/, '');
    expect(rest.requests[0]?.url.pathname).toBe(`${prefix}/markets/keyset`);
    expect(rest.requests[0]?.url.searchParams.get('key')).toBe(path.includes('?') ? '1' : null);
  });

  test('of a page with bad entries are read, and the bad entries reported', async () => {
    const { client } = await aGamma(json({ ...sample, next_cursor: '' }));
    const [page, ...others] = await all(client());
    expect(others).toEqual([]);
    expect(page?.markets.map(({ gammaId }) => gammaId)).toEqual([
      '3900000',
      '3900001',
      '3900002',
      '3900003',
      '3900011',
    ]);
    expect(page?.skipped.map(({ kind }) => kind)).toEqual([
      'no-condition-id',
      'no-token-ids',
      'not-binary',
      'unsupported-version',
      'no-token-ids',
      'unreadable',
      'unreadable',
    ]);
  });

  test('survive a 429 and a 500 in the middle of the list', async () => {
    const { rest, client } = await aGamma(
      json({ markets: markets(0, 2), next_cursor: 'a' }),
      status(429),
      status(500),
      json({ markets: markets(2, 2), next_cursor: 'b' }),
      status(502),
      json({ markets: markets(4, 2) }),
    );
    const pages = await all(client());
    expect(pages.flatMap((page) => page.markets)).toHaveLength(6);
    expect(rest.requests.map(({ url }) => url.searchParams.get('after_cursor'))).toEqual([
      null,
      'a',
      'a',
      'a',
      'b',
      'b',
    ]);
  });

  test('end with an error if the venue stays away, after the pages before that', async () => {
    const { client } = await aGamma(json({ markets: markets(0, 2), next_cursor: 'a' }), status(503));
    const given: MarketPage[] = [];
    const scan = async () => {
      for await (const page of client().openMarkets(signal)) given.push(page);
    };
    await expect(scan()).rejects.toBeInstanceOf(VenueUnavailableError);
    expect(given).toHaveLength(1);
  });

  test('are requested only as far as the caller reads', async () => {
    const { rest, client } = await aGamma(json({ markets: markets(0, 2), next_cursor: 'a' }));
    for await (const _ of client().openMarkets(signal)) break;
    expect(rest.requests).toHaveLength(1);
  });
});

describe('a list that cannot be trusted', () => {
  test('because its cursor does not move ends with an error', async () => {
    const { rest, client } = await aGamma(json({ markets: markets(0, 2), next_cursor: 'a' }));
    await expect(all(client())).rejects.toThrow(
      /gave an unusable answer to \/markets\/keyset: the cursor a came twice/,
    );
    expect(rest.requests).toHaveLength(2);
  });

  test('because its cursors go in circles ends with an error', async () => {
    const pages = ['a', 'b', 'c', 'a'].map((next_cursor) => json({ markets: markets(0, 1), next_cursor }));
    const { rest, client } = await aGamma(...pages);
    await expect(all(client())).rejects.toBeInstanceOf(VenueAnswerError);
    expect(rest.requests).toHaveLength(4);
  });

  test('because of an empty page in its middle continues, with a doubt', async () => {
    const { client } = await aGamma(
      json({ markets: markets(0, 2), next_cursor: 'a' }),
      json({ markets: [], next_cursor: 'b' }),
      json({ markets: markets(2, 2) }),
    );
    expect((await all(client())).map(({ markets, doubt }) => [markets.length, doubt])).toEqual([
      [2, null],
      [0, 'an empty page in the middle of the list'],
      [2, null],
    ]);
  });

  test('because page after page is empty ends with an error', async () => {
    const pages = ['a', 'b', 'c', 'd'].map((next_cursor) => json({ markets: [], next_cursor }));
    const { rest, client } = await aGamma(...pages);
    await expect(all(client())).rejects.toThrow(/3 empty pages in a row/);
    expect(rest.requests).toHaveLength(3);
  });

  test('is not one that ends with an empty page', async () => {
    const { client } = await aGamma(json({ markets: markets(0, 2), next_cursor: 'a' }), json({ markets: [] }));
    expect((await all(client())).map(({ doubt }) => doubt)).toEqual([null, null]);
  });

  test.each([
    [[], 'the body'],
    [{}, 'markets'],
    [{ markets: null }, 'markets'],
    [{ markets: { 0: {} } }, 'markets'],
    [{ markets: [], next_cursor: 7 }, 'next_cursor'],
    ['markets', 'the body'],
    [null, 'the body'],
  ])('because it is %j fails with the name of the field', async (body, field) => {
    const { client } = await aGamma(json(body));
    const error = await all(client()).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(VenueAnswerError);
    expect(error.message).toContain(`no page of markets: ${field}: `);
  });
});

describe.each([
  ['the newest markets', 'newestMarkets', { closed: 'false', order: 'createdAt', ascending: 'false' }],
  ['the markets closed last', 'recentlyClosed', { closed: 'true', order: 'closedTime', ascending: 'false' }],
] as const)('%s', (_, method, query) => {
  test('come page by page until the caller has seen enough', async () => {
    const { rest, client } = await aGamma(
      json({ markets: markets(0, 2), next_cursor: 'a' }),
      json({ markets: markets(2, 1), next_cursor: 'b' }),
    );
    const pages: MarketPage[] = [];
    for await (const page of client()[method]({ signal })) if (pages.push(page) === 2) break;
    expect(pages.map((page) => page.markets.length)).toEqual([2, 1]);
    expect(rest.requests).toHaveLength(2);
    expect(Object.fromEntries(rest.requests[1]?.url.searchParams ?? [])).toMatchObject({ ...query, after_cursor: 'a' });
  });

  test('have the same safeguards as any other list', async () => {
    const { client } = await aGamma(json({ markets: markets(0, 2), next_cursor: 'a' }));
    const scan = async () => {
      for await (const _ of client()[method]({ signal }));
    };
    await expect(scan()).rejects.toBeInstanceOf(VenueAnswerError);
  });
});

describe('one market', () => {
  const [first] = sample.markets as Record<string, string>[];
  const secondSystem = sample.markets[2] as { slug: string; positionIds: string[] };
  const tokenId = JSON.parse(first?.clobTokenIds ?? '')[1];

  test('is found by its slug, open or closed', async () => {
    const { rest, client } = await aGamma(json({ markets: [] }), json({ markets: [first] }));
    expect(await client().marketBySlug('made-up-0', signal)).toMatchObject({ gammaId: '3900000' });
    expect(rest.requests.map(({ url }) => [url.searchParams.get('slug'), url.searchParams.get('closed')])).toEqual([
      ['made-up-0', 'false'],
      ['made-up-0', 'true'],
    ]);
  });

  test('is found by a token of either position system', async () => {
    const rest = await LocalRest.answering(({ url: { searchParams: query } }) => {
      const found = query.get('clob_token_ids') === tokenId ? first : query.has('position_ids') ? secondSystem : null;
      return json({ markets: query.get('closed') === 'false' && found !== null ? [found] : [] });
    });
    onTestFinished(() => rest[Symbol.asyncDispose]());
    const client = new GammaClient({ url: rest.url, http: new VenueHttp({ log: new RecordingLog() }) });
    expect(await client.marketByToken(tokenId, signal)).toMatchObject({ gammaId: '3900000' });
    const [position = ''] = secondSystem.positionIds;
    expect(await client.marketByToken(position, signal)).toMatchObject({ gammaId: '3900002' });
    expect(await client.marketByToken('7', signal)).toBeNull();
  });

  test('that the venue does not have is null, even if it returns others instead', async () => {
    const { rest, client } = await aGamma(json({ markets: markets(0, 3), next_cursor: 'a' }));
    expect(await client().marketBySlug('no-such', signal)).toBeNull();
    expect(rest.requests).toHaveLength(2);
  });
});

describe.each([
  ['open markets', 'openMarketsOf', 'false'],
  ['closed markets', 'closedMarketsOf', 'true'],
] as const)('%s', (_, method, closed) => {
  test('are requested by their condition ids, 20 at a time', async () => {
    const { rest, client } = await aGamma(json({ markets: markets(0, 20) }), json({ markets: markets(20, 3) }));
    const ids = markets(0, 25).map(({ conditionId }) => conditionId);
    expect(await client()[method]([...ids, 'no id'], signal)).toHaveLength(23);
    expect(rest.requests.map(({ url }) => url.searchParams.getAll('condition_ids'))).toEqual([
      ids.slice(0, 20),
      ids.slice(20),
    ]);
    expect(rest.requests.map(({ url }) => url.searchParams.get('closed'))).toEqual([closed, closed]);
  });

  test('need no request if there are none', async () => {
    const { rest, client } = await aGamma(json({ markets: [] }));
    expect(await client()[method]([], signal)).toEqual([]);
    expect(rest.requests).toHaveLength(0);
  });
});

describe('an address', () => {
  test.each(['', 'gamma-api', 'ftp://gamma.invalid', 'wss://gamma.invalid'])('%j is refused at once', (url) => {
    expect(() => new GammaClient({ url, http: new VenueHttp({ log: new RecordingLog() }) })).toThrow(RangeError);
  });
});
