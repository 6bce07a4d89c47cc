import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TruthLedger } from '../src/exchange/truth-ledger.ts';
import { LedgerOutgrownError, VenueSim } from '../src/index.ts';
import { LoadOrderLog } from '../src/load/load-order-log.ts';
import { type AnyEvent, ChannelClient } from './channel/channel-client.ts';
import { difference, multiset } from './multiset.ts';

const LOADED = {
  ...{ markets: 60, openPerMinute: 0, closePerMinute: 0, burst: null, trading: false },
  ...{ tradesPerSecond: 0, loadTradesPerSecond: 20_000 },
} as const;

describe('the load', () => {
  test('sends every trade of the ledger to all sockets of its token', { timeout: 30_000 }, async () => {
    await using venue = await VenueSim.start({ ...LOADED, tradesPerSecond: 200, loadEventsPerSecond: 5_000 });
    const tokens = venue.openMarketList().flatMap((market) => market.tokenIds);
    await using first = await ChannelClient.subscribed(venue.urls.ws, tokens);
    await using second = await ChannelClient.subscribed(venue.urls.ws, tokens.slice(0, 60));
    await tradeUntil(venue, 10_000);
    await Promise.all([first.caughtUp(), second.caughtUp()]);

    const truth = venue.ledger();
    expect(difference(truth.map(contentOf), first.events('last_trade_price').map(asTruth))).toEqual(NO_DIFFERENCE);
    const common = new Set(tokens.slice(0, 60));
    const both = truth.filter(({ tokenId }) => common.has(tokenId));
    expect(difference(both.map(contentOf), second.events('last_trade_price').map(asTruth))).toEqual(NO_DIFFERENCE);
    expect(truth.every((trade) => trade.subscribed && trade.sockets === (common.has(trade.tokenId) ? 2 : 1))).toBe(
      true,
    );
    expect(venue.status().trades).toMatchObject({ executed: truth.length, subscribed: truth.length });
  });

  test('contains trades without hash, several fills of one transaction, and indistinguishable fills', async () => {
    await using venue = await VenueSim.start(LOADED);
    await tradeUntil(venue, 20_000);
    const trades = venue.ledger();
    const share = (number: number): number => number / trades.length;
    expect(share(trades.filter(({ transactionHash }) => transactionHash === null).length)).toBeGreaterThan(0.001);
    const hashes = multiset(trades.flatMap(({ transactionHash }) => transactionHash ?? []));
    expect(share([...hashes.values()].filter((count) => count > 1).length)).toBeGreaterThan(0.1);
    const repeats = [...multiset(trades.map(contentOf)).values()].filter((count) => count > 1);
    expect(share(repeats.length)).toBeGreaterThan(0.01);
    expect(trades.filter(({ price }) => !/^0\.\d{0,3}[1-9]$/.test(price))).toEqual([]);
  });

  test('leaves books and prices alone', async () => {
    await using venue = await VenueSim.start({ ...LOADED, loadEventsPerSecond: 5_000 });
    const [tokenId = ''] = venue.openMarketList()[0]?.tokenIds ?? [];
    const book = async (): Promise<unknown> =>
      await (await fetch(`${venue.urls.clob}/book?token_id=${tokenId}`)).json();
    const before = await book();
    await tradeUntil(venue, 5_000);
    expect(venue.ledger().some((trade) => trade.tokenId === tokenId)).toBe(true);
    expect(await book()).toEqual(before);
  });

  test('repeats changes and books of all markets with the time of their sending', async () => {
    const clock = (): number => 1_800_000_000_123;
    await using venue = await VenueSim.start({ ...LOADED, loadTradesPerSecond: 0, loadEventsPerSecond: 20_000, clock });
    const markets = venue.openMarketList();
    const tokens = markets.flatMap((market) => market.tokenIds);
    await using client = await ChannelClient.subscribed(venue.urls.ws, tokens);
    const dumped = client.events('book').length;
    venue.startTrading();
    await client.until(() => client.frames.length > 6_000);
    await venue.stopTrading();

    const changes = client.events('price_change');
    const books = client.events('book').slice(dumped);
    expect(new Set(changes.map((event) => event.market))).toEqual(
      new Set(markets.map(({ conditionId }) => conditionId)),
    );
    expect([...changes, ...books].filter(({ timestamp }) => timestamp !== String(clock()))).toEqual([]);
    expect(books.length / (books.length + changes.length)).toBeGreaterThan(0.02);
    expect(books.filter(({ asset_id }) => !tokens.includes(String(asset_id)))).toEqual([]);
  });

  test('is in the ledger file each time trading has stopped, and available over HTTP', {
    timeout: 30_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'venue-sim-'));
    try {
      const ledgerPath = join(folder, 'truth.jsonl');
      await using venue = await VenueSim.start({ ...LOADED, tradesPerSecond: 500, ledgerPath });
      for (const count of [2_000, 5_000]) {
        await tradeUntil(venue, count);
        const lines = (text: string): unknown[] => text.trimEnd().split('\n').sort();
        const expected = venue.ledger().map((trade) => JSON.stringify(trade));
        expect(lines(await readFile(ledgerPath, 'utf8'))).toEqual(expected.sort());
        expect(lines(await (await fetch(`${venue.urls.sim}/ledger`)).text())).toEqual(expected);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('refuses to answer once it holds more orders than its maximum', async () => {
    const load = new LoadOrderLog('seed', 2);
    await using ledger = await TruthLedger.open(null, { load });
    const token = { tokenId: '1', market: { conditionId: '0x1', tickSize: '0.01', flavour: 0.5, feeRateBps: '0' } };
    const order = { token: token as never, atMs: 1_800_000_000_000, subscribed: true, sockets: 3 };
    load.add(order, 1);
    load.add({ ...order, atMs: order.atMs + 5, sockets: 0 }, 1);
    expect(ledger.entries()[0]).toMatchObject({
      tokenId: '1',
      timestamp: '1800000000000',
      subscribed: true,
      sockets: 3,
    });
    expect(ledger.entries().at(-1)).toMatchObject({ timestamp: '1800000000005', sockets: 0 });
    load.add(order, 1);
    expect(() => ledger.entries()).toThrow(LedgerOutgrownError);
    expect(ledger.executed).toBe(3);
  });

  test('is the same for the same seed except for times', async () => {
    const run = async (seed: string): Promise<unknown[]> => {
      await using venue = await VenueSim.start({ ...LOADED, seed });
      await tradeUntil(venue, 1_000);
      return venue
        .ledger()
        .slice(0, 1_000)
        .map(({ timestamp, ...rest }) => rest);
    };
    const first = await run('one');
    expect(await run('one')).toEqual(first);
    expect(await run('two')).not.toEqual(first);
  });
});

const NO_DIFFERENCE = { missing: [], surplus: [] };

async function tradeUntil(venue: VenueSim, more: number): Promise<void> {
  const wanted = venue.status().trades.executed + more;
  venue.startTrading();
  while (venue.status().trades.executed < wanted) await new Promise((resolve) => setImmediate(resolve));
  await venue.stopTrading();
}

function contentOf({ subscribed, sockets, ...trade }: ReturnType<VenueSim['ledger']>[number]): string {
  return JSON.stringify(Object.values(trade));
}

/** An event's fields in the order of a ledger line, with null for missing fields. */
function asTruth(event: AnyEvent): string {
  const { asset_id, market, price, size, side, timestamp, transaction_hash = null, fee_rate_bps = null } = event;
  return JSON.stringify([asset_id, market, price, size, side, timestamp, transaction_hash, fee_rate_bps]);
}
