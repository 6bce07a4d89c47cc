import { describe, expect, test } from 'vitest';
import { type MarketReference, VenueSim, type VenueSimOptions, type VenueStatus } from '../../src/index.ts';
import { ChannelClient } from '../channel/channel-client.ts';

const SILENT: VenueSimOptions = { markets: 10, openPerMinute: 0, closePerMinute: 0, burst: null, tradesPerSecond: 0 };

describe('a limit of books per socket', () => {
  test('silently sends no book and no events for later tokens', async () => {
    await using venue = await VenueSim.start({ ...SILENT, booksPerSocketMax: 5 });
    const tokens = tokenIds(venue);
    await using client = await asked(venue, tokens);
    expect(books(client)).toEqual(tokens.slice(0, 5));
    for (const tokenId of tokens) venue.trade({ tokenId });
    await client.caughtUp();
    expect(traded(client)).toEqual(tokens.slice(0, 5));
    // One token of the third market is served, and its changes name both; the other markets stay silent.
    expect(new Set(client.events('price_change').map((change) => change.market))).toEqual(
      new Set(
        venue
          .openMarketList()
          .slice(0, 3)
          .map((market) => market.conditionId),
      ),
    );
    expect(venue.status()).toMatchObject({ sockets: [{ tokens: 20, served: 5 }], socketsEnded: { refused: 0 } });
    expect(venue.ledger().map(({ subscribed, sockets }) => (subscribed ? sockets : -1))).toEqual(
      tokens.map((_, place) => (place < 5 ? 1 : -1)),
    );
  });

  test('applies to each socket separately', async () => {
    await using venue = await VenueSim.start({ ...SILENT, booksPerSocketMax: 10 });
    const tokens = tokenIds(venue);
    await using first = await asked(venue, tokens.slice(0, 10));
    await using second = await asked(venue, tokens.slice(10));
    expect([...books(first), ...books(second)]).toEqual(tokens);
  });

  test('passes the places of unsubscribed tokens to later ones', async () => {
    await using venue = await VenueSim.start({ ...SILENT, booksPerSocketMax: 4 });
    const tokens = tokenIds(venue);
    await using client = await asked(venue, tokens.slice(0, 4));
    await operate(client, 'unsubscribe', tokens.slice(0, 2));
    await operate(client, 'subscribe', tokens.slice(4, 8));
    expect(books(client)).toEqual(tokens.slice(0, 6));
    expect(venue.status().sockets).toMatchObject([{ tokens: 6, served: 4 }]);
  });

  test('can reserve the places of unsubscribed tokens forever', async () => {
    await using venue = await VenueSim.start({ ...SILENT, booksPerSocketMax: 4, freesUnsubscribed: false });
    const tokens = tokenIds(venue);
    await using client = await asked(venue, tokens.slice(0, 4));
    await operate(client, 'unsubscribe', tokens.slice(0, 2));
    await operate(client, 'subscribe', tokens.slice(4, 8));
    expect(books(client)).toEqual(tokens.slice(0, 4));
    // A new socket has all of its places.
    await using fresh = await asked(venue, tokens.slice(4, 8));
    expect(books(fresh)).toEqual(tokens.slice(4, 8));
  });

  test('can be set and lifted while the venue runs, for later subscriptions', async () => {
    await using venue = await VenueSim.start(SILENT);
    const tokens = tokenIds(venue);
    expect(await post(venue, '/limits', { booksPerSocketMax: 2 })).toEqual({
      status: 200,
      json: { booksPerSocketMax: 2, freesUnsubscribed: true },
    });
    await using client = await asked(venue, tokens.slice(0, 4));
    expect(books(client)).toEqual(tokens.slice(0, 2));
    expect((await post(venue, '/limits', { booksPerSocketMax: null, freesUnsubscribed: false })).json).toEqual(
      venue.status().limits,
    );
    await operate(client, 'subscribe', tokens.slice(2, 6));
    // Tokens that got no book are duplicates now and still get none.
    expect(books(client)).toEqual([...tokens.slice(0, 2), ...tokens.slice(4, 6)]);
    for (const limits of [{ booksPerSocketMax: '2' }, { booksPerSocketMax: -1 }, { freesUnsubscribed: 1 }]) {
      expect((await post(venue, '/limits', limits)).status).toBe(400);
    }
  });
});

describe('a stalled socket', () => {
  test('stays open and answers PINGs, but receives nothing else', async () => {
    await using venue = await VenueSim.start(SILENT);
    const tokens = tokenIds(venue);
    await using dead = await asked(venue, tokens.slice(0, 4), { custom_feature_enabled: true });
    await using alive = await asked(venue, tokens.slice(0, 2));
    const before = dead.events().length;
    expect((await post(venue, '/stall', { socket: 1 })).json).toEqual({ sockets: 1 });
    const both = venue.trade({ tokenId: tokens[0] ?? '' });
    const neither = venue.trade({ tokenId: tokens[2] ?? '' });
    venue.openMarkets(1);
    expect(venue.send('anything')).toBe(1);
    await operate(dead, 'subscribe', tokens.slice(4));
    dead.send('nonsense');
    await Promise.all([dead.caughtUp(), alive.caughtUp()]);
    expect(dead.events()).toHaveLength(before);
    expect(dead.frames.at(-1)).toBe('PONG');
    expect(dead.frames).not.toContain('INVALID OPERATION');
    expect(traded(alive)).toEqual([tokens[0]]);
    expect([both.sockets, neither.sockets]).toEqual([1, 0]);
    expect(venue.status().sockets.map(({ stalled }) => stalled)).toEqual([true, false]);
    expect(venue.status().events.trade).toBe(1);
  });

  test('receives no books, so that its trades do not count as observable', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [tokenId = ''] = tokenIds(venue);
    venue.stall({ newSockets: true });
    await using dead = await asked(venue, [tokenId]);
    expect(dead.frames).toEqual(['PONG']);
    expect(venue.trade({ tokenId })).toMatchObject({ subscribed: false, sockets: 0 });
  });

  test('can be any, including those that connect later', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [tokenId = ''] = tokenIds(venue);
    await using open = await asked(venue, [tokenId]);
    expect((await post(venue, '/stall', { socket: 'all', newSockets: true })).json).toEqual({ sockets: 1 });
    await using later = await asked(venue, [tokenId]);
    venue.trade({ tokenId });
    expect((await post(venue, '/unstall', { socket: 'all' })).json).toEqual({ sockets: 2 });
    venue.trade({ tokenId });
    await using last = await asked(venue, [tokenId]);
    await Promise.all([open.caughtUp(), later.caughtUp()]);
    // Swallowed events never arrive.
    expect([traded(open), traded(later), books(later), books(last)]).toEqual([[tokenId], [tokenId], [], [tokenId]]);
    expect(venue.ledger().map(({ sockets }) => sockets)).toEqual([0, 2]);
  });

  test('is every open one by default, and none of them if only new ones are requested', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await asked(venue, []);
    expect([venue.stall({ newSockets: true }), venue.stall({ newSockets: false }), venue.stall()]).toEqual([0, 0, 1]);
    await using other = await asked(venue, []);
    expect(venue.status().sockets.map(({ stalled }) => stalled)).toEqual([true, false]);
    expect([client, other].every(({ frames }) => frames.includes('PONG'))).toBe(true);
    expect((await post(venue, '/stall', { socket: 'one' })).status).toBe(400);
  });

  test('still receives what was sent before the stall', async () => {
    await using venue = await VenueSim.start({ ...SILENT, tradesPerSecond: 5_000 });
    await using client = await asked(venue, tokenIds(venue));
    await client.until(() => traded(client).length > 0);
    venue.stall();
    await venue.stopTrading();
    await client.caughtUp();
    expect(traded(client)).toHaveLength(venue.ledger().filter(({ sockets }) => sockets > 0).length);
    expect(venue.status().trades.executed).toBe(venue.ledger().length);
  });
});

describe('a dropped socket', () => {
  test('has received everything that the ledger counts as written to it', async () => {
    await using venue = await VenueSim.start(SILENT);
    const [tokenId = ''] = tokenIds(venue);
    await using client = await asked(venue, [tokenId]);
    client.pause();
    // Larger than the buffers of the system, so that the trade waits behind it.
    venue.send('x'.repeat(30_000_000));
    venue.trade({ tokenId });
    venue.drop();
    client.resume();
    expect((await client.closed).code).toBe(1006);
    expect([traded(client), venue.ledger()]).toMatchObject([[tokenId], [{ sockets: 1 }]]);
  });

  test('is cut even if its client does not read', async () => {
    await using venue = await VenueSim.start(SILENT);
    await using client = await asked(venue, []);
    client.pause();
    venue.send('x'.repeat(30_000_000));
    const { framesSent } = venue.status();
    expect(venue.drop()).toBe(1);
    expect(venue.status()).toMatchObject({ sockets: [], socketsEnded: { dropped: 1 }, framesSent });
    // Nobody receives what it still sends.
    client.send({ operation: 'subscribe', assets_ids: tokenIds(venue) });
    client.resume();
    expect((await client.closed).code).toBe(1006);
    expect(venue.trade({ tokenId: tokenIds(venue)[0] ?? '' })).toMatchObject({ subscribed: false, sockets: 0 });
  });
});

describe('a venue where nothing happens', () => {
  test('sends nothing but PONG', async () => {
    await using venue = await VenueSim.start(SILENT);
    const tokens = tokenIds(venue);
    await using client = await asked(venue, tokens);
    const before = client.events().length;
    for (let ping = 0; ping < 50; ping += 1) await client.caughtUp();
    expect(client.events()).toHaveLength(before);
    expect(venue.status()).toMatchObject({ quotes: 0, trades: { executed: 0 } });
  });

  test('sends the same first book each time, with the time of its last change', async () => {
    let nowMs = 1_795_000_000_000;
    await using venue = await VenueSim.start({ ...SILENT, clock: () => nowMs });
    const [market] = venue.openMarketList() as [MarketReference];
    const [tokenId] = market.tokenIds;
    const firstBook = async (): Promise<unknown> => {
      await using client = await asked(venue, [tokenId]);
      return client.events('book')[0];
    };
    const untouched = await firstBook();
    nowMs += 60_000;
    expect(await firstBook()).toEqual(untouched);
    expect(Number((untouched as { timestamp: string }).timestamp)).toBeLessThan(1_795_000_000_000);
    venue.trade({ tokenId });
    nowMs += 60_000;
    const changed = await firstBook();
    expect(changed).toMatchObject({ timestamp: '1795000060000' });
    expect(await (await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`)).json()).toMatchObject({
      timestamp: '1795000060000',
      hash: (changed as { hash: string }).hash,
    });
  });
});

/** A client whose subscription has received all the books it will get. */
async function asked(venue: VenueSim, tokens: readonly string[], fields: object = {}): Promise<ChannelClient> {
  const client = await ChannelClient.connect(venue.urls.ws);
  client.send({ assets_ids: tokens, type: 'market', initial_dump: true, ...fields });
  await client.caughtUp();
  return client;
}

async function operate(client: ChannelClient, operation: string, tokens: readonly string[]): Promise<void> {
  client.send({ operation, assets_ids: tokens });
  await client.caughtUp();
}

/** Tokens in the order of their first books, recognised by the tick size. */
function books(client: ChannelClient): unknown[] {
  return client
    .events('book')
    .filter((book) => 'tick_size' in book)
    .map((book) => book.asset_id);
}

function traded(client: ChannelClient): unknown[] {
  return client.events('last_trade_price').map((trade) => trade.asset_id);
}

function tokenIds(venue: VenueSim): string[] {
  return venue.openMarketList().flatMap((market) => market.tokenIds);
}

async function post(venue: VenueSim, path: string, body: unknown): Promise<{ status: number; json: VenueStatus }> {
  const response = await fetch(`${venue.urls.sim}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, json: (await response.json()) as VenueStatus };
}
