import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions } from '../../src/index.ts';

const SILENT: VenueSimOptions = { markets: 20, openPerMinute: 0, closePerMinute: 0, tradesPerSecond: 0, dataLagMs: 0 };

describe('the CLOB', () => {
  test('returns many books at once and omits unknown tokens', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [first, second] = venue.openMarketList() as [MarketReference, MarketReference];
    const wanted = [first.tokenIds[0], '123', second.tokenIds[1]];
    const response = await fetch(`${venue.urls.clob}/books`, {
      method: 'POST',
      body: JSON.stringify(wanted.map((token_id) => ({ token_id }))),
    });
    const books = (await response.json()) as { asset_id: string }[];
    expect(books.map((book) => book.asset_id)).toEqual([first.tokenIds[0], second.tokenIds[1]]);
  });

  test('has no book for an unknown token or a closed market', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market] = venue.openMarketList() as [MarketReference];
    venue.closeMarket(market.conditionId);
    for (const tokenId of ['123', market.tokenIds[0]]) {
      const response = await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ error: 'No orderbook exists for the requested token id' });
    }
  });

  test('returns best prices that agree with the book', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market] = venue.openMarketList() as [MarketReference];
    const query = `token_id=${market.tokenIds[1]}`;
    const read = async (path: string): Promise<Record<string, never>> => {
      const response = await fetch(`${venue.urls.clob}${path}`);
      return (await response.json()) as Record<string, never>;
    };
    const { bids, asks } = (await read(`/book?${query}`)) as Record<string, { price: string }[]>;
    const bid = bids?.at(-1)?.price;
    const ask = asks?.at(-1)?.price;
    expect(await read(`/price?${query}&side=BUY`)).toEqual({ price: bid });
    expect(await read(`/price?${query}&side=SELL`)).toEqual({ price: ask });
    expect(Number((await read(`/midpoint?${query}`)).mid)).toBeCloseTo((Number(bid) + Number(ask)) / 2, 5);
  });

  test('returns the time in seconds, and OK', async () => {
    await using venue = await VenueSim.start({ ...SILENT, clock: () => 1_795_000_000_999 });
    expect(await (await fetch(`${venue.urls.clob}/time`)).text()).toBe('1795000000');
    expect((await fetch(`${venue.urls.clob}/ok`)).status).toBe(200);
  });
});

describe('the Data API', () => {
  type Row = {
    condition_id: string;
    token_id: string;
    size: number;
    price: number;
    side: string;
    transaction_hash: string;
    timestamp: number;
  };
  type Page = { data: Row[]; pagination: { has_more: boolean; next_cursor: string | null } };

  test('has one row per taker order, with the sum of the sizes and the average price', async () => {
    await using venue = await VenueSim.start({ ...SILENT, tradesPerSecond: 20_000, trading: false });
    venue.startTrading();
    while (venue.status().trades.executed < 1_500) await new Promise((resolve) => setImmediate(resolve));
    await venue.stopTrading();
    const rows = await allRows(venue, 'limit=1000');
    const ledger = venue.ledger().filter((trade) => trade.transactionHash !== null);
    const byHash = Map.groupBy(ledger, (trade) => trade.transactionHash ?? '');
    for (const [hash, fills] of byHash) {
      const row = rows.get(hash);
      const size = fills.reduce((sum, fill) => sum + Number(fill.size), 0);
      const notional = fills.reduce((sum, fill) => sum + Number(fill.size) * Number(fill.price), 0);
      if (row === undefined) {
        // The Data API omits dust.
        expect(size).toBeLessThan(0.01);
        continue;
      }
      expect(row.size).toBeCloseTo(size, 6);
      expect(row.price).toBeCloseTo(notional / size, 6);
      expect(row).toMatchObject({ token_id: fills[0]?.tokenId, side: fills[0]?.side });
    }
    expect([...byHash.values()].some((fills) => fills.length > 1)).toBe(true);
  });

  test('filters by condition, pages newest first by cursor, and refuses an offset', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [first, second] = venue.openMarketList() as [MarketReference, MarketReference];
    const hashes: (string | null)[] = [];
    for (let trade = 0; trade < 25; trade += 1) {
      hashes.unshift(venue.trade({ tokenId: first.tokenIds[0] }).transactionHash);
      venue.trade({ tokenId: second.tokenIds[0] });
    }
    const pages: Page[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: Page = await read(venue, `condition=${first.conditionId}&limit=10&cursor=${cursor}`);
      pages.push(next);
      cursor = next.pagination.next_cursor;
    }
    expect(pages.map(({ data }) => data.length)).toEqual([10, 10, 5]);
    expect(pages.flatMap(({ data }) => data.map((row) => row.transaction_hash))).toEqual(hashes);
    for (const query of ['offset=10', 'limit=1001', 'cursor=zzz']) {
      const response = await fetch(`${venue.urls.data}/v2/trades?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'invalid_request', retryable: false });
    }
  });

  test('is behind by its lag and reports it', async () => {
    let nowMs = 1_795_000_000_000;
    await using venue = await VenueSim.start({ ...SILENT, dataLagMs: 3_000, clock: () => nowMs });
    venue.trade();
    expect((await read(venue, '')).data).toEqual([]);
    nowMs += 3_000;
    expect((await read(venue, '')).data).toMatchObject([{ timestamp: 1_795_000_002 }]);
    expect(await (await fetch(`${venue.urls.data}/v2/status`)).json()).toMatchObject({
      data: { serving: { lag_seconds: 3 } },
    });
  });

  async function read(venue: VenueSim, query: string): Promise<Page> {
    return (await (await fetch(`${venue.urls.data}/v2/trades?${query}`)).json()) as Page;
  }

  async function allRows(venue: VenueSim, query: string): Promise<Map<string, Row>> {
    const rows = new Map<string, Row>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: Page = await read(venue, `${query}&cursor=${cursor}`);
      for (const row of next.data) rows.set(row.transaction_hash, row);
      cursor = next.pagination.next_cursor;
    }
    return rows;
  }
});
