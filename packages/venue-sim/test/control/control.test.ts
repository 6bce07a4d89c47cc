import { describe, expect, test } from 'vitest';
import {
  type MarketReference,
  TradeRequestError,
  type TruthTrade,
  VenueSim,
  type VenueSimOptions,
} from '../../src/index.ts';
import { ChannelClient } from '../channel/channel-client.ts';

const SILENT: VenueSimOptions = { markets: 10, openPerMinute: 0, closePerMinute: 0, burst: null, tradesPerSecond: 0 };

describe('the control interface', () => {
  test('executes exactly the requested trade', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market] = venue.openMarketList() as [MarketReference];
    await using client = await ChannelClient.subscribed(venue.urls.ws, market.tokenIds);
    const request = {
      tokenId: market.tokenIds[1],
      side: 'SELL',
      price: '0.5',
      size: '216.216215',
      feeRateBps: '',
      transactionHash: null,
    };
    const truth = (await post(venue, '/trade', request)).json as TruthTrade;
    const { tokenId, ...rest } = request;
    expect(truth).toMatchObject({ tokenId, ...rest, conditionId: market.conditionId, subscribed: true, sockets: 1 });
    expect(venue.ledger()).toEqual([truth]);
    await client.caughtUp();
    expect(client.events('last_trade_price')).toEqual([
      {
        market: market.conditionId,
        asset_id: tokenId,
        price: '0.5',
        size: '216.216215',
        fee_rate_bps: '',
        side: 'SELL',
        timestamp: truth.timestamp,
        event_type: 'last_trade_price',
      },
    ]);
  });

  test('refuses impossible trades', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market, closed] = venue.openMarketList() as [MarketReference, MarketReference];
    venue.closeMarket(closed.conditionId);
    const [tokenId] = market.tokenIds;
    const requests = [
      { tokenId: '1' },
      { tokenId: closed.tokenIds[0] },
      { tokenId, price: '0.12345' },
      { tokenId, price: '1' },
      { tokenId, size: '0' },
    ];
    for (const request of requests) {
      expect(() => venue.trade(request)).toThrow(TradeRequestError);
      expect((await post(venue, '/trade', request)).status).toBe(400);
    }
    expect(venue.ledger()).toEqual([]);
  });

  test('stops and starts trading', async () => {
    await using venue = await VenueSim.start({ ...SILENT, tradesPerSecond: 5_000 });
    await using client = await ChannelClient.subscribed(
      venue.urls.ws,
      venue.openMarketList().flatMap((market) => market.tokenIds),
    );
    await client.until(() => client.events('last_trade_price').length > 0);
    const stopped = (await post(venue, '/stop-trading')).json as { trading: boolean; trades: { executed: number } };
    expect(stopped.trading).toBe(false);
    await client.caughtUp();
    expect(client.events('last_trade_price')).toHaveLength(venue.ledger().filter((trade) => trade.sockets > 0).length);
    expect(venue.status().trades.executed).toBe(stopped.trades.executed);
    await post(venue, '/start-trading');
    await client.until(() => venue.status().trades.executed > stopped.trades.executed);
  });

  test('confirms a stop of trading only after sending the last bytes', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await ChannelClient.subscribed(venue.urls.ws, []);
    client.pause();
    // Larger than the buffers of the system.
    venue.send('x'.repeat(30_000_000));
    const buffered = (): number | undefined => venue.status().sockets[0]?.bufferedBytes;
    expect(buffered()).toBeGreaterThan(0);
    const leftAtTheEnd = venue.stopTrading().then(buffered);
    client.resume();
    expect(await leftAtTheEnd).toBe(0);
  });

  test('sends any text and any bytes to all sockets, one socket or the subscribers of a token', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market, other] = venue.openMarketList() as [MarketReference, MarketReference];
    await using first = await ChannelClient.subscribed(venue.urls.ws, market.tokenIds);
    await using second = await ChannelClient.subscribed(venue.urls.ws, other.tokenIds);
    expect((await post(venue, '/send', { text: '{"event_type":', to: 'all' })).json).toEqual({ sockets: 2 });
    expect((await post(venue, '/send', { text: 'to one', to: 1 })).json).toEqual({ sockets: 1 });
    expect((await post(venue, '/send', { base64: 'AAEC', to: other.tokenIds[0] })).json).toEqual({ sockets: 1 });
    expect((await post(venue, '/send', { to: 'all' })).status).toBe(400);
    const long = 'x'.repeat(5_000_000);
    venue.send(long, 2);
    await Promise.all([first.caughtUp(), second.caughtUp()]);
    expect(first.frames.filter((frame) => frame !== '[]').slice(1)).toEqual(['{"event_type":', 'to one', 'PONG']);
    expect(second.frames.includes(long)).toBe(true);
    expect(second.binaryFrames).toEqual([Buffer.from([0, 1, 2])]);
  });

  test('drops one socket or all', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using first = await ChannelClient.subscribed(venue.urls.ws, []);
    await using second = await ChannelClient.subscribed(venue.urls.ws, []);
    expect((await post(venue, '/drop', { socket: 1 })).json).toEqual({ sockets: 1 });
    expect((await first.closed).code).toBe(1006);
    expect((await post(venue, '/drop')).json).toEqual({ sockets: 1 });
    expect((await second.closed).code).toBe(1006);
  });

  test('opens and closes markets', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [market] = venue.openMarketList() as [MarketReference];
    expect((await post(venue, `/markets/${market.conditionId}/close`, { winner: 1 })).json).toEqual({
      ...market,
      winner: 1,
    });
    expect((await post(venue, `/markets/${market.conditionId}/close`)).status).toBe(404);
    const { markets } = (await post(venue, '/markets', { count: 3 })).json as { markets: MarketReference[] };
    expect(markets).toHaveLength(3);
    const listed = (await (await fetch(`${venue.urls.sim}/markets`)).json()) as { markets: MarketReference[] };
    expect(listed.markets).toEqual(venue.openMarketList());
    expect(venue.status().markets).toEqual({ open: 12, closed: 1 });
  });

  test('answers unknown paths with 404, wrong methods with 405 and invalid bodies with 400', async () => {
    await using venue = await VenueSim.start(SILENT);
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(`${venue.urls.sim}${path}`, init)).status;
    expect(await status('/nothing')).toBe(404);
    expect(await status('/stop-trading')).toBe(405);
    expect(await status('/trade', { method: 'POST', body: 'no json' })).toBe(400);
  });

  test('can stop a venue whose markets open and close by themselves', async () => {
    await using venue = await VenueSim.start({ ...SILENT, openPerMinute: 6_000, closePerMinute: 3_000 });
    await using client = await ChannelClient.subscribed(venue.urls.ws, [], { custom_feature_enabled: true });
    await client.until(() => client.events('market_resolved').length >= 10);
    await venue.stopTrading();
    await client.caughtUp();
    expect(client.events('market_resolved').length).toBeLessThanOrEqual(venue.status().markets.closed);
    expect(client.events('new_market').length).toBeGreaterThan(10);
  });
});

async function post(venue: VenueSim, path: string, body: unknown = {}): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${venue.urls.sim}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, json: await response.json() };
}
