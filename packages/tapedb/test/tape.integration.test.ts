import { expect, test } from 'vitest';
import type { RecordedTrade } from '../src/index.ts';
import { openDatabase } from './open-database.ts';
import { batch, CONDITION, market, NOON_MS, TOKEN_NO, TOKEN_YES, trade } from './projection/sample-batch.ts';

test('the newest trades come first, with their question', async () => {
  await using opened = await openDatabase({ timescale: true });
  const { database } = opened;
  const trades = [1, 3, 2].map((ms) => trade(`${ms}`, { exchangeAtMs: NOON_MS + ms, tokenId: TOKEN_NO, side: 'SELL' }));
  await database.apply(batch(0, 3, { trades, markets: [market()] }));
  expect((await database.recentTrades(2)).map((one) => one.exchangeAtMs)).toEqual([NOON_MS + 3, NOON_MS + 2]);
  expect(await database.recentTrades(1)).toEqual([
    {
      tokenId: TOKEN_NO,
      question: market().question,
      outcome: 'No',
      side: 'SELL',
      price: '0.925',
      size: '216.216215',
      exchangeAtMs: NOON_MS + 3,
      receivedAtUs: (NOON_MS + 3) * 1_000 + 41_250,
    },
  ]);
});

test('trades are counted, all or those received since a time', async () => {
  await using opened = await openDatabase({ timescale: true });
  const { database } = opened;
  const receivedAtUs = [1, 2, 3].map((second) => (NOON_MS + second * 1_000) * 1_000 + 7);
  const trades = receivedAtUs.map((at) => trade(`${at}`, { receivedAtUs: at }));
  await database.apply(batch(0, 3, { trades }));
  expect(await database.tradeCount()).toBe(3);
  for (const [before, at] of receivedAtUs.entries()) {
    expect(await database.tradeCount({ receivedSinceUs: at })).toBe(3 - before);
    expect(await database.tradeCount({ receivedSinceUs: at + 1 })).toBe(2 - before);
  }
});

test('recorded trades are counted by their content', async () => {
  await using opened = await openDatabase({ timescale: true });
  const { database } = opened;
  const id = trade('a').tradeId.slice(0, 16);
  const same = { exchangeAtMs: NOON_MS + 812 };
  const trades = [
    trade('a', { ...same, price: '.50', size: '10.0' }),
    trade('a', { ...same, price: '0.5', size: '10', tradeId: `${id}-1`, connectionId: 'ingestor-2-0' }),
    trade('b', { ...same, price: '0.5', size: '10' }),
    trade('c', { transactionHash: null, size: '21006065' }),
  ];
  await database.apply(batch(0, 4, { trades }));

  const recorded: RecordedTrade[] = [];
  for await (const one of database.recordedTrades()) recorded.push(one);
  recorded.sort((a, b) => b.count - a.count);
  const common = { tokenId: TOKEN_YES, conditionId: CONDITION, side: 'BUY' };
  expect(recorded).toHaveLength(3);
  expect(recorded[0]).toEqual({
    ...common,
    ...same,
    price: '0.5',
    size: '10',
    transactionHash: trade('a').transactionHash,
    count: 2,
  });
  expect(recorded).toContainEqual({
    ...common,
    exchangeAtMs: NOON_MS,
    price: '0.925',
    size: '21006065',
    transactionHash: null,
    count: 1,
  });
});

test('more trades than fit into one fetch are all read, and reading may stop early', async () => {
  await using opened = await openDatabase({ timescale: true });
  const { database } = opened;
  const trades = [...Array(12_000).keys()].map((at) => trade(`${at}`));
  await database.apply(batch(0, 12_000, { trades }));
  let counted = 0;
  for await (const { count } of database.recordedTrades()) counted += count;
  expect(counted).toBe(12_000);

  for await (const _ of database.recordedTrades()) break;
  expect(await database.tradeCount()).toBe(12_000);
});
