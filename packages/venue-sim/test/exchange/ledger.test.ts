import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TruthLedger } from '../../src/exchange/truth-ledger.ts';
import { LedgerOutgrownError, LedgerWriteError, type TruthTrade, VenueSim } from '../../src/index.ts';
import { type AnyEvent, ChannelClient } from '../channel/channel-client.ts';
import { difference, multiset } from '../multiset.ts';

const QUIET = { markets: 60, openPerMinute: 0, closePerMinute: 0, burst: null, trading: false } as const;

describe('the ledger', () => {
  test('contains exactly the fills that clients received at a high rate', { timeout: 30_000 }, async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 2_500 });
    const tokens = venue.openMarketList().flatMap((market) => market.tokenIds);
    const firstTokens = tokens.slice(0, 80);
    const secondTokens = tokens.slice(40, 120);
    await using first = await ChannelClient.subscribed(venue.urls.ws, firstTokens);
    await using second = await ChannelClient.subscribed(venue.urls.ws, secondTokens, { custom_feature_enabled: true });
    venue.startTrading();
    await first.until(() => venue.status().trades.executed >= 4_000);
    await venue.stopTrading();
    await Promise.all([first.caughtUp(), second.caughtUp()]);

    expect(difference(truth(venue, firstTokens), received(first))).toEqual({ missing: [], surplus: [] });
    expect(difference(truth(venue, secondTokens), received(second))).toEqual({ missing: [], surplus: [] });
    const trades = venue.ledger();
    expect(trades.length).toBeGreaterThanOrEqual(4_000);
    expect(trades.every((trade) => trade.subscribed)).toBe(true);
    const both = new Set(firstTokens.filter((id) => secondTokens.includes(id)));
    expect(trades.every((trade) => trade.sockets === (both.has(trade.tokenId) ? 2 : 1))).toBe(true);
  });

  test('contains identical fills, more than one in a hundred and fewer than one in ten', async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 20_000, quotesPerTrade: 2 });
    const trades = await tradeUntil(venue, 4_000);
    const repeats = [...multiset(trades.map((trade) => JSON.stringify(trade))).values()].filter((count) => count > 1);
    const fills = repeats.reduce((sum, count) => sum + count, 0);
    expect(fills / trades.length).toBeGreaterThan(0.01);
    expect(fills / trades.length).toBeLessThan(0.1);
  });

  test('contains trades without hash or with an empty fee, and sizes with up to six decimals', async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 20_000, quotesPerTrade: 2 });
    const trades = await tradeUntil(venue, 4_000);
    const share = (test: (trade: TruthTrade) => boolean): number => trades.filter(test).length / trades.length;
    expect(share((trade) => trade.transactionHash === null)).toBeGreaterThan(0);
    expect(share((trade) => trade.transactionHash === null)).toBeLessThan(0.03);
    expect(share((trade) => trade.feeRateBps === '')).toBeGreaterThan(0);
    expect(share((trade) => trade.feeRateBps === '0')).toBeGreaterThan(0.3);
    expect(share((trade) => /\.\d{6}$/.test(trade.size))).toBeGreaterThan(0.1);
    expect(trades.filter((trade) => !/^\d+(\.\d{0,5}[1-9])?$/.test(trade.size))).toEqual([]);
    expect(trades.filter((trade) => !/^0\.\d{0,3}[1-9]$/.test(trade.price))).toEqual([]);
  });

  test('marks a trade that nobody could see as not subscribed', async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 0 });
    const [market] = venue.openMarketList();
    const [heard, unheard] = market?.tokenIds ?? ['', ''];
    expect(venue.trade({ tokenId: heard })).toMatchObject({ subscribed: false, sockets: 0 });
    const client = await ChannelClient.subscribed(venue.urls.ws, [heard]);
    expect(venue.trade({ tokenId: heard })).toMatchObject({ subscribed: true, sockets: 1 });
    expect(venue.trade({ tokenId: unheard })).toMatchObject({ subscribed: false, sockets: 0 });
    await client.caughtUp();
    expect(client.events('last_trade_price').map((event) => event.asset_id)).toEqual([heard]);
    await client[Symbol.asyncDispose]();
    while (venue.status().sockets.length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(venue.trade({ tokenId: heard })).toMatchObject({ subscribed: true, sockets: 0 });
    expect(venue.status().trades).toMatchObject({ executed: 4, subscribed: 2 });
  });

  test('grows no faster than the requested rate', async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 4_000, quotesPerTrade: 0 });
    const startedAtMs = performance.now();
    const trades = await tradeUntil(venue, 2_000);
    const elapsedMs = performance.now() - startedAtMs;
    // The venue finishes the order in progress: up to five fills.
    expect(trades.length).toBeLessThanOrEqual((elapsedMs * 4_000) / 1_000 + 5);
  });

  test('refuses to answer without a file once the oldest trades have left memory', async () => {
    const trade = { tokenId: '1', price: '0.5' } as TruthTrade;
    await using unwritten = await TruthLedger.open(null, { tradesMax: 1_000 });
    for (let count = 0; count < 1_249; count += 1) unwritten.add(trade);
    expect(unwritten.entries()).toHaveLength(1_249);
    unwritten.add(trade);
    expect(() => unwritten.entries()).toThrow(LedgerOutgrownError);
    await expect(unwritten.lines().next()).rejects.toThrow(LedgerOutgrownError);

    const folder = await mkdtemp(join(tmpdir(), 'venue-sim-'));
    try {
      await using written = await TruthLedger.open(join(folder, 'truth.jsonl'), { tradesMax: 1_000 });
      for (let count = 0; count < 2_000; count += 1) written.add({ ...trade, size: String(count) });
      let text = '';
      for await (const lines of written.lines()) text += lines;
      const sizes = text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as TruthTrade).size);
      expect(sizes).toEqual(Array.from({ length: 2_000 }, (_, count) => String(count)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.skipIf(!existsSync('/dev/full'))(
    'ends trading with an error when it cannot be written (needs /dev/full)',
    async () => {
      await using venue = await VenueSim.start({
        ...QUIET,
        tradesPerSecond: 1_000,
        ledgerPath: '/dev/full',
        trading: true,
      });
      expect(await venue.failed).toBeInstanceOf(LedgerWriteError);
      expect(venue.status()).toMatchObject({ trading: false, ledger: { failure: expect.stringContaining('ENOSPC') } });
      await expect(venue.stopTrading()).rejects.toThrow(LedgerWriteError);
    },
  );

  test('is complete and in order in its file after trading has stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'venue-sim-'));
    try {
      const ledgerPath = join(folder, 'truth.jsonl');
      await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 20_000, quotesPerTrade: 0, ledgerPath });
      await tradeUntil(venue, 2_000);
      for (let trade = 0; trade < 500; trade += 1) venue.trade();
      await venue.stopTrading();
      const lines = readFileSync(ledgerPath, 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual(venue.ledger());
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is available over HTTP as JSON lines', async () => {
    await using venue = await VenueSim.start({ ...QUIET, tradesPerSecond: 20_000, quotesPerTrade: 0 });
    await tradeUntil(venue, 3_000);
    const text = await (await fetch(`${venue.urls.sim}/ledger`)).text();
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(venue.ledger());
  });

  test('is the same for the same seed except for times', async () => {
    const run = async (seed: string): Promise<unknown[]> => {
      await using venue = await VenueSim.start({ ...QUIET, seed, tradesPerSecond: 20_000 });
      const trades = await tradeUntil(venue, 1_000);
      return trades.slice(0, 1_000).map(({ timestamp, ...rest }) => rest);
    };
    const first = await run('one');
    expect(await run('one')).toEqual(first);
    expect(await run('two')).not.toEqual(first);
  });
});

async function tradeUntil(venue: VenueSim, count: number): Promise<readonly TruthTrade[]> {
  venue.startTrading();
  while (venue.status().trades.executed < count) await new Promise((resolve) => setImmediate(resolve));
  await venue.stopTrading();
  return venue.ledger();
}

function received(client: ChannelClient): string[] {
  return client.events('last_trade_price').map(asTruth);
}

function truth(venue: VenueSim, tokenIds: readonly string[]): string[] {
  const wanted = new Set(tokenIds);
  const trades = venue.ledger().filter((trade) => wanted.has(trade.tokenId));
  return trades.map(({ subscribed, sockets, ...trade }) => JSON.stringify(Object.values(trade)));
}

/** An event's fields in the order of a ledger line, with null for missing fields. */
function asTruth(event: AnyEvent): string {
  return JSON.stringify([
    event.asset_id,
    event.market,
    event.price,
    event.size,
    event.side,
    event.timestamp,
    event.transaction_hash ?? null,
    event.fee_rate_bps ?? null,
  ]);
}
