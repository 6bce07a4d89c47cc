import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions } from '../../src/index.ts';

const SILENT: VenueSimOptions = {
  oddSpellingShare: 0,
  markets: 130,
  openPerMinute: 0,
  closePerMinute: 0,
  tradesPerSecond: 0,
};

type Document = Record<string, unknown> & { id: string; conditionId?: string };
type Page = { markets: Document[]; next_cursor?: string };

describe('the keyset listing', () => {
  test('contains every open market exactly once, besides odd documents', async () => {
    await using venue = await VenueSim.start({ ...SILENT, oddMarkets: 9 });
    const documents = (await walk(venue, 'limit=25')).flatMap((page) => page.markets);
    const open = venue.openMarketList().map((market) => market.gammaId);
    const odd = documents.map((document) => document.id).filter((id) => !open.includes(id));
    expect(documents).toHaveLength(139);
    expect(new Set(documents.map((document) => document.id)).size).toBe(139);
    expect(odd).toHaveLength(9);
  });

  test('has 20 documents a page by default, 100 at most, and a cursor only on full pages', async () => {
    await using venue = await VenueSim.start({ ...SILENT, oddMarkets: 0 });
    expect((await page(venue, '')).markets).toHaveLength(20);
    expect((await page(venue, 'limit=5000')).markets).toHaveLength(100);
    const pages = await walk(venue, 'limit=100');
    expect(pages.map(({ markets }) => markets.length)).toEqual([100, 30]);
    expect(pages.map((one) => 'next_cursor' in one)).toEqual([true, false]);
  });

  test('adds markets that open and drops those that close', async () => {
    await using venue = await VenueSim.start({ ...SILENT, markets: 30, oddMarkets: 0 });
    const [closing] = venue.openMarketList() as [MarketReference];
    const [opened] = venue.openMarkets(1) as [MarketReference];
    venue.closeMarket(closing.conditionId, 1);
    const ids = (await walk(venue, 'limit=10')).flatMap(({ markets }) => markets.map((market) => market.id));
    expect(ids).toEqual(venue.openMarketList().map((market) => market.gammaId));
    expect(ids).toContain(opened.gammaId);
    expect(await page(venue, 'closed=true')).toMatchObject({
      markets: [
        {
          id: closing.gammaId,
          closed: true,
          acceptingOrders: false,
          outcomePrices: '["0","1"]',
          umaResolutionStatus: 'resolved',
        },
      ],
    });
  });

  test('shows a new market late where the venue is to lag, by its own share of the lag', async () => {
    let nowMs = Date.now();
    const lagging = { gammaLagMs: 30_000, markets: 5, oddMarkets: 0, clock: () => nowMs };
    await using venue = await VenueSim.start({ ...SILENT, ...lagging });
    venue.openMarkets(20);
    const listed = async () => (await page(venue, 'limit=100')).markets.length;
    expect(await listed()).toBe(5);
    nowMs += 15_000;
    const halfway = await listed();
    expect(halfway).toBeGreaterThan(5);
    expect(halfway).toBeLessThan(25);
    nowMs += 15_000;
    expect(await listed()).toBe(25);
  });

  test('refuses offsets, foreign cursors and invalid values with 422', async () => {
    await using venue = await VenueSim.start(SILENT);
    const byVolume = await page(venue, 'order=volumeNum&ascending=false');
    for (const query of [
      'offset=20',
      'after_cursor=zzz',
      'limit=-1',
      'closed=maybe',
      `after_cursor=${byVolume.next_cursor}`,
    ]) {
      expect((await fetch(`${venue.urls.gamma}/markets/keyset?${query}`)).status).toBe(422);
    }
  });

  test('finds markets by their identifiers', async () => {
    await using venue = await VenueSim.start({ ...SILENT, shareOfV2: 0.5 });
    const wanted = venue.openMarketList().slice(5, 8);
    const ids = wanted.map((market) => market.gammaId);
    const found = async (name: string, of: (market: MarketReference) => string): Promise<string[]> => {
      const query = wanted.map((market) => `${name}=${of(market)}`).join('&');
      return (await page(venue, query)).markets.map((market) => market.id);
    };
    expect(await found('id', (market) => market.gammaId)).toEqual(ids);
    expect(await found('slug', (market) => market.slug)).toEqual(ids);
    expect(await found('condition_ids', (market) => market.conditionId)).toEqual(ids);
    const v1 = await found('clob_token_ids', (market) => market.tokenIds[0]);
    const v2 = await found('position_ids', (market) => market.tokenIds[0]);
    expect([...v1, ...v2].sort()).toEqual(ids);
  });

  test('can be ordered, newest first', async () => {
    await using venue = await VenueSim.start(SILENT);
    const opened = venue.openMarkets(3).map((market) => market.gammaId);
    const { markets } = await page(venue, 'order=createdAt&ascending=false&limit=3');
    expect(markets.map((market) => market.id).sort()).toEqual(opened);
    const pages = await walk(venue, 'order=createdAt&ascending=false&limit=50');
    expect(new Set(pages.flatMap((one) => one.markets.map((market) => market.id))).size).toBe(140);
  });

  test.each([
    ['createdAt', 'createdAt', false],
    ['updatedAt', 'updatedAt', false],
    ['closedTime', 'closedTime', true],
    ['id', 'id', false],
  ])('has the order of %s over all of its pages', async (order, field, closed) => {
    await using venue = await VenueSim.start({ ...SILENT, oddMarkets: 0, gammaFiguresAgeMs: 0 });
    for (const { conditionId, tokenIds } of venue.openMarketList().slice(0, 60)) {
      venue.trade({ tokenId: tokenIds[0] });
      if (closed) venue.closeMarket(conditionId);
    }
    const pages = await walk(venue, `order=${order}&ascending=false&closed=${closed}&limit=17`);
    const values = pages.flatMap(({ markets }) => markets.map((market) => market[field] as string));
    expect(values).toHaveLength(closed ? 60 : 130);
    expect(values).toEqual([...values].sort().reverse());
  });
});

describe('the listing by offset', () => {
  test('returns the documents of the keyset listing as a bare array', async () => {
    await using venue = await VenueSim.start({ ...SILENT, markets: 45, oddMarkets: 0 });
    const parts = await Promise.all([0, 20, 40, 60].map(async (offset) => documents(venue, `offset=${offset}`)));
    expect(parts.map((part) => part.length)).toEqual([20, 20, 5, 0]);
    expect(parts.flat().map((document) => document.id)).toEqual(venue.openMarketList().map((market) => market.gammaId));
  });

  test('is available without the prefix, too', async () => {
    await using venue = await VenueSim.start(SILENT);
    const response = await fetch(`${venue.urls.gamma.replace('/gamma', '')}/markets?limit=2`);
    expect(await response.json()).toEqual(await documents(venue, 'limit=2'));
  });

  async function documents(venue: VenueSim, query: string): Promise<Document[]> {
    return (await (await fetch(`${venue.urls.gamma}/markets?${query}`)).json()) as Document[];
  }
});

describe('a market document', () => {
  test('has its token ids in the field of its position system', async () => {
    await using venue = await VenueSim.start({ ...SILENT, markets: 300, shareOfV2: 0.4, oddMarkets: 0 });
    const documents = (await walk(venue, 'limit=100')).flatMap(({ markets }) => markets);
    const truth = new Map(venue.openMarketList().map((market) => [market.gammaId, market.tokenIds]));
    const ofVersion = (version: string): Document[] => documents.filter((document) => document.version === version);
    for (const document of ofVersion('v1')) {
      expect(document.conditionId).toMatch(/^0x[0-9a-f]{64}$/);
      expect(JSON.parse(String(document.clobTokenIds))).toEqual(truth.get(document.id));
    }
    for (const document of ofVersion('v2')) {
      expect(document.conditionId).toMatch(/^0x0[12][0-9a-f]{60}$/);
      expect(document.positionIds).toEqual(truth.get(document.id));
      const [first, second] = document.positionIds as [string, string];
      expect(BigInt(second) - BigInt(first)).toBe(1n);
      expect(BigInt(first).toString(16).padStart(64, '0')).toBe(`${document.conditionId?.slice(2)}00`);
    }
    expect(ofVersion('v2').length).toBeGreaterThan(60);
    expect(ofVersion('v1').length + ofVersion('v2').length).toBe(300);
    // Each system has markets that also carry the other system's ids, which must not be used.
    expect(ofVersion('v2').some((document) => 'clobTokenIds' in document)).toBe(true);
    expect(ofVersion('v2').some((document) => !('clobTokenIds' in document))).toBe(true);
    expect(ofVersion('v1').some((document) => 'positionIds' in document)).toBe(true);
  });

  test('is available by its id and by its slug', async () => {
    await using venue = await VenueSim.start(SILENT);
    const market = venue.openMarketList()[7] as MarketReference;
    for (const path of [`/markets/${market.gammaId}`, `/markets/slug/${market.slug}`]) {
      const response = await fetch(`${venue.urls.gamma}${path}`);
      expect(await response.json()).toMatchObject({
        id: market.gammaId,
        conditionId: market.conditionId,
        slug: market.slug,
      });
    }
    expect((await fetch(`${venue.urls.gamma}/markets/1`)).status).toBe(404);
  });

  test('sometimes has another spelling: lists that are not JSON text, names in snake_case', async () => {
    await using venue = await VenueSim.start({ ...SILENT, oddMarkets: 0, shareOfV2: 0, oddSpellingShare: 0.6 });
    const documents = (await walk(venue, 'limit=100')).flatMap(({ markets }) => markets);
    const spellings = documents.map((document) => {
      const ids = document.clobTokenIds ?? document.clob_token_ids;
      const tokens = typeof ids === 'string' ? JSON.parse(ids) : ids;
      const conditionId = document.conditionId ?? document.condition_id;
      const market = venue.openMarketList().find((open) => open.conditionId === conditionId);
      expect(tokens).toEqual(market?.tokenIds);
      return `${typeof ids} ${'conditionId' in document ? 'camel' : 'snake'}`;
    });
    expect(new Set(spellings)).toEqual(new Set(['string camel', 'object camel', 'string snake', 'object snake']));
    const snake = documents.find((document) => 'condition_id' in document);
    expect(snake).toMatchObject({ question_id: expect.any(String), volume24hr: expect.any(Number) });
    expect(await page(venue, 'limit=100')).toEqual(await page(venue, 'limit=100'));
  });

  test('has figures that follow trades with a delay', async () => {
    let nowMs = 1_795_000_000_000;
    await using venue = await VenueSim.start({ ...SILENT, clock: () => nowMs });
    const [market] = venue.openMarketList() as [MarketReference];
    const read = async (): Promise<Document> => (await page(venue, `id=${market.gammaId}`)).markets[0] as Document;
    const before = await read();
    nowMs += 1_000;
    venue.trade({ tokenId: market.tokenIds[0], side: 'BUY', price: '0.5', size: '1000' });
    expect(await read()).toEqual(before);
    nowMs += 60_000;
    const after = await read();
    expect(Number(after.volumeNum) - Number(before.volumeNum)).toBeCloseTo(500, 4);
    expect(Number(after.volume24hr) - Number(before.volume24hr)).toBeCloseTo(500, 4);
    expect(after.liquidityNum).not.toBe(before.liquidityNum);
    expect(after.lastTradePrice).toBe(0.5);
    expect(after.updatedAt).toBe(new Date(1_795_000_001_000).toISOString());
  });

  test('is the same for the same seed and day, and differs for another seed', async () => {
    const listing = async (seed: string): Promise<Page[]> => {
      await using venue = await VenueSim.start({ ...SILENT, seed, clock: () => Date.UTC(2026, 10, 20, 12) });
      // Awaited here, because the venue closes at the end of this function.
      return await walk(venue, 'limit=100');
    };
    const first = await listing('one');
    expect(await listing('one')).toEqual(first);
    const slugs = first.flatMap(({ markets }) => markets.map((market) => market.slug));
    expect(new Set(slugs).size).toBe(slugs.length);
    const ids = new Set(first.flatMap(({ markets }) => markets.map((market) => market.conditionId)));
    const others = (await listing('two')).flatMap(({ markets }) => markets.map((market) => market.conditionId));
    expect(others.filter((id) => id !== undefined && id !== '' && ids.has(id))).toEqual([]);
  });
});

async function page(venue: VenueSim, query: string): Promise<Page> {
  const response = await fetch(`${venue.urls.gamma}/markets/keyset?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

async function walk(venue: VenueSim, query: string): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined && pages.length < 100) {
    const next: Page = await page(venue, `${query}&after_cursor=${cursor}`);
    pages.push(next);
    cursor = next.next_cursor;
  }
  return pages;
}
