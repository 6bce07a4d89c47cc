import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions } from '../../src/index.ts';
import { ChannelClient } from './channel-client.ts';

const SILENT: VenueSimOptions = { markets: 40, openPerMinute: 0, closePerMinute: 0, burst: null, tradesPerSecond: 0 };
const BUSY: VenueSimOptions = { ...SILENT, tradesPerSecond: 1_500 };

describe('a subscription', () => {
  test('gets one array frame with a book of each token', async () => {
    await using venue = await VenueSim.start(SILENT);
    const tokens = tokenIds(venue);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokens);
    const dumps = client.frames.filter((frame) => frame !== '[]');
    expect(dumps).toHaveLength(1);
    expect(dumps[0]?.startsWith('[')).toBe(true);
    const books = client.events();
    expect(books.every((book) => book.event_type === 'book')).toBe(true);
    expect(books.map((book) => book.asset_id)).toEqual(tokens);
  });

  test('sometimes gets an empty array first', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [token = ''] = tokenIds(venue);
    const firsts: (string | undefined)[] = [];
    for (let socket = 0; socket < 40; socket += 1) {
      await using client = await ChannelClient.subscribed(venue.urls.ws, [token]);
      firsts.push(client.frames[0]);
    }
    const empty = firsts.filter((frame) => frame === '[]').length;
    expect(empty).toBeGreaterThan(0);
    expect(empty).toBeLessThan(30);
  });

  test('closes the socket with 1008 if it is invalid or another message comes first', async () => {
    await using venue = await VenueSim.start(SILENT);
    for (const message of ['PING', 'nonsense', '{"type":"user","assets_ids":[]}', '{"type":"market"}']) {
      await using client = await ChannelClient.connect(venue.urls.ws);
      client.send(message);
      expect(await client.closed).toEqual({ code: 1008, reason: 'invalid subscription payload' });
    }
    expect(venue.status().socketsEnded.refused).toBe(4);
  });

  test('is an invalid operation if it is sent twice', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [token = ''] = tokenIds(venue);
    await using client = await ChannelClient.subscribed(venue.urls.ws, [token]);
    client.send({ type: 'market', assets_ids: [token] });
    await client.until(() => client.frames.includes('INVALID OPERATION'));
  });

  test('may omit the initial books, and gets no answer for unknown tokens', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [token = ''] = tokenIds(venue);
    await using client = await ChannelClient.connect(venue.urls.ws);
    client.send({ type: 'market', assets_ids: [token, '42'], initial_dump: false });
    await client.caughtUp();
    expect(client.events()).toEqual([]);
    expect(venue.status().sockets[0]?.tokens).toBe(1);
  });

  test('grows and shrinks by operations, and gets no second book for a duplicate', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [first = '', , second = ''] = tokenIds(venue);
    await using client = await ChannelClient.subscribed(venue.urls.ws, [first]);
    client.send({ operation: 'subscribe', assets_ids: [first, second] });
    await client.caughtUp();
    expect(client.events('book').map((book) => book.asset_id)).toEqual([first, second]);
    client.send({ operation: 'unsubscribe', assets_ids: [first] });
    await client.caughtUp();
    venue.trade({ tokenId: first });
    venue.trade({ tokenId: second });
    await client.caughtUp();
    expect(client.events('last_trade_price').map((trade) => trade.asset_id)).toEqual([second]);
  });

  test('works only at the exact path', async () => {
    await using venue = await VenueSim.start(SILENT);
    const elsewhere = ChannelClient.connect(venue.urls.ws.replace('/ws/market', '/ws/'));
    await expect(elsewhere).rejects.toThrow('404');
  });
});

describe('the heartbeat', () => {
  test('answers a text PING with a text PONG', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue).slice(0, 1));
    await client.caughtUp();
    expect(client.frames.at(-1)).toBe('PONG');
  });

  test('closes sockets that send no PING', async () => {
    await using venue = await VenueSim.start({ ...SILENT, pingTimeoutMs: 100 });
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue).slice(0, 1));
    expect((await client.closed).code).toBe(1006);
    expect(venue.status().socketsEnded.silent).toBe(1);
  });
});

describe('the stream', () => {
  test('contains about nine tenths price changes besides books and trades, in several spellings', async () => {
    await using venue = await VenueSim.start(BUSY);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue));
    await client.until(() => client.frames.length > 20_000);
    const events = client.events().slice(tokenIds(venue).length);
    const share = (type: string): number => events.filter((event) => event.event_type === type).length / events.length;
    expect(share('price_change')).toBeGreaterThan(0.85);
    expect(share('price_change')).toBeLessThan(0.95);
    expect(share('book')).toBeGreaterThan(0.02);
    expect(share('last_trade_price')).toBeGreaterThan(0.02);

    const frames = client.frames.filter((frame) => frame !== 'PONG' && frame !== '[]');
    const share2 = (test: (frame: string) => boolean): number => frames.filter(test).length / frames.length;
    expect(share2((frame) => frame.includes('": "'))).toBeGreaterThan(0.01);
    expect(share2((frame) => frame.includes('": "'))).toBeLessThan(0.5);
    expect(share2((frame) => frame.startsWith('['))).toBeGreaterThan(0.01);
    expect(share2((frame) => frame.startsWith('['))).toBeLessThan(0.3);
    expect(share2((frame) => /^\[?\{"event_type"/.test(frame))).toBeLessThan(0.1);
    const arrays = frames
      .filter((frame) => frame.startsWith('['))
      .map((frame) => JSON.parse(frame) as { event_type: string }[]);
    expect(arrays.some((array) => new Set(array.map((event) => event.event_type)).size > 1)).toBe(true);
  });

  test('contains price changes of both tokens, but trades of subscribed tokens only', async () => {
    await using venue = await VenueSim.start({ ...BUSY, trading: false });
    const seconds = venue.openMarketList().map((market) => market.tokenIds[1]);
    await using client = await ChannelClient.subscribed(venue.urls.ws, seconds.slice(0, 10));
    const subscribed = new Set<unknown>(seconds.slice(0, 10));
    const markets = new Set<unknown>(
      venue
        .openMarketList()
        .slice(0, 10)
        .map((market) => market.conditionId),
    );
    venue.startTrading();
    await client.until(() => client.frames.length > 3_000);
    const changes = client.events('price_change');
    expect(changes.length).toBeGreaterThan(2_000);
    expect(changes.every((change) => markets.has(change.market))).toBe(true);
    const pairs = changes.map(
      (change) => new Set((change.price_changes as { asset_id: string }[]).map((entry) => entry.asset_id)),
    );
    expect(pairs.every((pair) => pair.size === 2)).toBe(true);
    expect(client.events('book').every((book) => subscribed.has(book.asset_id))).toBe(true);
    expect(client.events('last_trade_price').every((trade) => subscribed.has(trade.asset_id))).toBe(true);
    expect(client.events('last_trade_price').length).toBeGreaterThan(0);
  });

  test('contains lifecycle events and best prices for flagged sockets only', async () => {
    await using venue = await VenueSim.start(BUSY);
    const [market] = venue.openMarketList() as [MarketReference];
    await using plain = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue));
    await using flagged = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue), {
      custom_feature_enabled: true,
    });
    await using late = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue).slice(0, 1));
    late.send({ operation: 'subscribe', assets_ids: tokenIds(venue).slice(0, 1), custom_feature_enabled: true });
    await late.caughtUp();
    const [opened] = venue.openMarkets(1) as [MarketReference];
    venue.closeMarket(market.conditionId, 1);
    await flagged.until(() => flagged.events('best_bid_ask').length > 5);
    await Promise.all([plain.caughtUp(), flagged.caughtUp(), late.caughtUp()]);
    for (const client of [flagged, late]) {
      expect(client.events('new_market')).toMatchObject([{ market: opened.conditionId, assets_ids: opened.tokenIds }]);
      expect(client.events('market_resolved')).toMatchObject([
        { market: market.conditionId, assets_ids: market.tokenIds, winning_asset_id: market.tokenIds[1] },
      ]);
    }
    for (const type of ['new_market', 'market_resolved', 'best_bid_ask']) expect(plain.events(type)).toEqual([]);
  });

  test('ends for a market when it closes', async () => {
    await using venue = await VenueSim.start({ ...BUSY, markets: 2, trading: false });
    const [closing, staying] = venue.openMarketList() as [MarketReference, MarketReference];
    await using client = await ChannelClient.subscribed(venue.urls.ws, [...closing.tokenIds, ...staying.tokenIds]);
    venue.closeMarket(closing.conditionId);
    const before = client.frames.length;
    venue.startTrading();
    await client.until(() => client.frames.length > before + 500);
    expect(
      new Set(
        client
          .events()
          .slice(4)
          .map((event) => event.market),
      ),
    ).toEqual(new Set([staying.conditionId]));
  });
});

describe('trading of subscribed tokens only', () => {
  test('starts with the first subscription and trades no other token', async () => {
    await using venue = await VenueSim.start({ ...BUSY, tradeOnlySubscribed: true });
    const subscribed = tokenIds(venue).slice(1, 6);
    await using client = await ChannelClient.subscribed(venue.urls.ws, subscribed);
    await client.until(() => client.events('last_trade_price').length > 100);
    await venue.stopTrading();
    const traded = new Set(venue.ledger().map((trade) => trade.tokenId));
    expect([...traded].sort()).toEqual(subscribed.sort());
    expect(venue.ledger().every((trade) => trade.subscribed && trade.sockets === 1)).toBe(true);
  });
});

describe('a socket that does not read', () => {
  test('is closed and counted, while others continue', async () => {
    await using venue = await VenueSim.start({ ...BUSY, bufferedBytesMax: 1_000_000 });
    await using slow = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue));
    // So little that even a busy machine reads it in time.
    await using quick = await ChannelClient.subscribed(venue.urls.ws, tokenIds(venue).slice(0, 2));
    slow.pause();
    await quick.until(() => venue.status().socketsEnded.slow === 1);
    const before = quick.frames.length;
    await quick.until(() => quick.frames.length > before + 50);
    expect(venue.status().sockets.map((socket) => socket.number)).toEqual([2]);
  });
});

function tokenIds(venue: VenueSim): string[] {
  return venue.openMarketList().flatMap((market) => market.tokenIds);
}
