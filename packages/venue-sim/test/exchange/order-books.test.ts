import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { VenueSim } from '../../src/index.ts';
import { ChannelClient } from '../channel/channel-client.ts';
import { fixturesPresent, readFixture } from '../fixtures.ts';

type Level = { price: string; size: string };
type Book = Record<string, unknown> & { asset_id: string; bids: Level[]; asks: Level[]; hash: string };
type Change = { asset_id: string; price: string; size: string; side: string; best_bid: string; best_ask: string };

const OPTIONS = {
  markets: 30,
  openPerMinute: 0,
  closePerMinute: 0,
  burst: null,
  tradesPerSecond: 1_500,
  trading: false,
} as const;

describe('the order books of the stream', () => {
  test.each([
    ['with market makers', { quotesPerTrade: 12, tradesPerSecond: 1_500 }],
    ['where takers empty them', { quotesPerTrade: 0, tradesPerSecond: 6_000, markets: 3 }],
  ])('can be rebuilt from the first ones and the price changes, %s', async (_, options) => {
    await using venue = await VenueSim.start({ ...OPTIONS, ...options });
    const tokens = venue.openMarketList().flatMap((market) => market.tokenIds);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokens);
    venue.startTrading();
    await client.until(() => client.frames.length > 12_000);
    await venue.stopTrading();
    await client.caughtUp();

    const books = new Map<string, { bids: Map<string, string>; asks: Map<string, string> }>();
    let compared = 0;
    for (const event of client.events()) {
      if (event.event_type === 'book') {
        const book = event as Book;
        const known = books.get(book.asset_id);
        if (known === undefined) books.set(book.asset_id, { bids: sideOf(book.bids), asks: sideOf(book.asks) });
        else {
          expect(known).toEqual({ bids: sideOf(book.bids), asks: sideOf(book.asks) });
          compared += 1;
        }
      } else if (event.event_type === 'price_change') {
        for (const change of event.price_changes as Change[]) apply(books.get(change.asset_id), change);
      }
    }
    expect(compared).toBeGreaterThan(100);

    for (const tokenId of tokens.slice(0, 6)) {
      const response = await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`);
      const book = (await response.json()) as Book;
      expect(books.get(tokenId)).toEqual({ bids: sideOf(book.bids), asks: sideOf(book.asks) });
    }
  });

  test('are sorted worst price first, never crossed, and mirror each other', async () => {
    await using venue = await VenueSim.start(OPTIONS);
    const tokens = venue.openMarketList().flatMap((market) => market.tokenIds);
    venue.startTrading();
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokens);
    await client.until(() => client.frames.length > 6_000);
    await venue.stopTrading();
    await client.caughtUp();
    for (const book of client.events('book') as Book[]) {
      const bids = book.bids.map(({ price }) => Number(price));
      const asks = book.asks.map(({ price }) => Number(price));
      expect(bids).toEqual([...bids].sort((a, b) => a - b));
      expect(asks).toEqual([...asks].sort((a, b) => b - a));
      expect(bids.at(-1) ?? 0).toBeLessThan(asks.at(-1) ?? 1);
    }
    for (const change of client.events('price_change')) {
      const entries = change.price_changes as Change[];
      const [first, second] = [...new Set(entries.map((entry) => entry.asset_id))];
      const of = (id: string | undefined): Change[] => entries.filter((entry) => entry.asset_id === id);
      expect(
        of(second).map(({ price, size, side }) => [unit(1 - Number(price)), size, side === 'BUY' ? 'SELL' : 'BUY']),
      ).toEqual(of(first).map(({ price, size, side }) => [unit(Number(price)), size, side]));
    }
  });

  test('lose exactly the size of a trade, in both tokens', async () => {
    await using venue = await VenueSim.start({ ...OPTIONS, tradesPerSecond: 0 });
    for (const { tokenIds } of venue.openMarketList().slice(0, 8)) {
      const [tokenId, other] = tokenIds;
      const best = (await readBook(venue, tokenId)).asks.at(-1);
      const size = (Number(best?.size) - 1.000001).toFixed(6);
      const client = await ChannelClient.subscribed(venue.urls.ws, tokenIds);
      venue.trade({ tokenId, side: 'BUY', size });
      await client.caughtUp();
      const [change] = client.events('price_change');
      const left = { price: best?.price, size: '1.000001' };
      expect(change?.price_changes).toContainEqual(
        expect.objectContaining({ asset_id: tokenId, side: 'SELL', ...left }),
      );
      expect((await readBook(venue, tokenId)).asks.at(-1)).toEqual(left);
      expect((await readBook(venue, other)).bids.at(-1)?.size).toBe('1.000001');
      await client[Symbol.asyncDispose]();
    }
  });

  test('shrink with every trade, by a price change before the fill', async () => {
    await using venue = await VenueSim.start({ ...OPTIONS, quotesPerTrade: 0 });
    const tokens = venue.openMarketList().flatMap((market) => market.tokenIds);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokens);
    const depth = (levels: Level[]): number => levels.reduce((sum, level) => sum + Number(level.size), 0);
    const before = new Map(
      (client.events('book') as Book[]).map((book) => [book.asset_id, depth([...book.bids, ...book.asks])]),
    );
    venue.startTrading();
    await client.until(() => client.frames.length > 600);
    await venue.stopTrading();
    for (const { conditionId, tokenIds } of venue.openMarketList()) {
      const traded = venue.ledger().filter((trade) => trade.conditionId === conditionId);
      const book = await readBook(venue, tokenIds[0]);
      const gone = (before.get(tokenIds[0]) ?? 0) - depth([...book.bids, ...book.asks]);
      expect(gone).toBeCloseTo(
        traded.reduce((sum, trade) => sum + Number(trade.size), 0),
        5,
      );
    }
  });

  test('carry the hash that the venue computes', async () => {
    await using venue = await VenueSim.start(OPTIONS);
    const [market] = venue.openMarketList();
    const [tokenId = ''] = market?.tokenIds ?? [];
    venue.trade({ tokenId });
    const rest = (await (await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`)).json()) as Book;
    expect(rest.hash).toBe(bookHash(rest));
    await using client = await ChannelClient.subscribed(venue.urls.ws, [tokenId]);
    const [book] = client.events('book') as [Book];
    expect(book.hash).toBe(bookHash({ ...book, min_order_size: rest.min_order_size, neg_risk: rest.neg_risk }));
  });

  test.skipIf(!fixturesPresent)('have the hash that recorded books have (needs the recorded data)', () => {
    for (const file of ['clob/polycopy-book.json', 'clob/tinli-book_0x12dc2b61723b2a54f.json']) {
      const book = JSON.parse(readFixture(file)) as Book;
      expect(bookHash(book)).toBe(book.hash);
    }
  });
});

async function readBook(venue: VenueSim, tokenId: string): Promise<Book> {
  return (await (await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`)).json()) as Book;
}

function sideOf(levels: Level[]): Map<string, string> {
  return new Map(levels.map(({ price, size }) => [price, size]));
}

function apply(book: { bids: Map<string, string>; asks: Map<string, string> } | undefined, change: Change): void {
  const side = change.side === 'BUY' ? book?.bids : book?.asks;
  if (change.size === '0') side?.delete(change.price);
  else side?.set(change.price, change.size);
}

function unit(price: number): number {
  return Math.round(price * 10_000);
}

/** Follows the venue's description: sha1 over the summary with an empty hash, keys in this order. */
function bookHash(book: Book): string {
  const { market, asset_id, timestamp, bids, asks, min_order_size, tick_size, neg_risk, last_trade_price } = book;
  const summary = {
    market,
    asset_id,
    timestamp,
    hash: '',
    bids,
    asks,
    min_order_size,
    tick_size,
    neg_risk,
    last_trade_price,
  };
  return createHash('sha1').update(JSON.stringify(summary)).digest('hex');
}
