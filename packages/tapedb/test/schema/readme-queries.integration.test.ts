import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MarketFact } from '@polytape/types';
import { expect, test } from 'vitest';
import { type OpenDatabase, openDatabase } from '../open-database.ts';
import {
  batch,
  book,
  CONDITION,
  market,
  NOON_MS,
  price,
  step,
  TOKEN_NO,
  TOKEN_YES,
  trade,
} from '../projection/sample-batch.ts';

test('the queries of the READMEs give the same answer on every kind of database', async () => {
  const queries = await readmeQueries();
  expect(queries.length).toBeGreaterThan(20);
  await using offered = await filled({ timescale: true });
  await using plain = await filled({ timescale: false });
  for (const query of queries) {
    const expected = await plain.sql(query);
    if (!query.startsWith('CREATE')) expect(expected, query).not.toEqual([]);
    expect(await offered.sql(query), query).toEqual(expected);
  }
});

test('the README lists all functions with their arguments', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `(\w+\([\w, ]+\))` \|/gm)].map(([, call]) => call);
  await using opened = await openDatabase({ timescale: false });
  const functions = await opened.sql<{ call: string }>(
    `SELECT proname || '(' || array_to_string(proargnames[1:pronargs], ', ') || ')' AS call
     FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proretset`,
  );
  expect(listed.toSorted()).toEqual(functions.map(({ call }) => call).sort());
});

/** The statements of all SQL blocks, with noon as now(). */
async function readmeQueries(): Promise<string[]> {
  const files = ['../../../../README.md', '../../README.md'].map((file) => join(import.meta.dirname, file));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const blocks = texts.flatMap((text) => [...text.matchAll(/^```sql\n(.*?)^```/gms)].map(([, block = '']) => block));
  return blocks
    .flatMap((block) => block.split(/;\s*$/m))
    .map((query) => query.trim().replaceAll('now()', `TIMESTAMPTZ '${new Date(NOON_MS).toISOString()}'`))
    .filter((query) => query !== '');
}

/** A database with a quarter of an hour of one market, up to noon. */
async function filled(options: { timescale: boolean }): Promise<OpenDatabase> {
  const opened = await openDatabase(options);
  const minutes = [...Array(15).keys()].map((minute) => NOON_MS - (15 - minute) * 60_000);
  const decimal = (n: number) => (n / 1_000).toFixed(3);
  const trades = minutes.flatMap((exchangeAtMs, n) => [
    trade(`yes ${n}`, {
      exchangeAtMs,
      price: decimal(400 + 7 * n),
      size: `${n + 1}.5`,
      side: n % 3 === 0 ? 'SELL' : 'BUY',
    }),
    trade(`no ${n}`, {
      exchangeAtMs,
      price: decimal(600 - 7 * n),
      tokenId: TOKEN_NO,
      source: n % 5 === 0 ? 'data_api' : 'websocket',
    }),
  ]);
  const extra = trade('busier', { exchangeAtMs: NOON_MS - 30_000 });
  const repeat = { ...extra, tradeId: extra.tradeId.replace(/0$/, '1'), receivedAtUs: extra.receivedAtUs + 1 };
  const prices = minutes.flatMap((slotAtMs, n) =>
    [TOKEN_YES, TOKEN_NO].map((tokenId) =>
      price({
        tokenId,
        slotAtMs,
        seenAtMs: slotAtMs + 900,
        bestBid: decimal(380 + n),
        bestAsk: decimal(420 + 3 * n),
        midpoint: decimal(400 + 2 * n),
      }),
    ),
  );
  const books = minutes.map((slotAtMs) => book({ slotAtMs, seenAtMs: slotAtMs + 900, exchangeAtMs: slotAtMs }));
  const documents = [1, 2, 3].map((version) =>
    market({ version, seenAtMs: NOON_MS - 600_000 + version * 1_000, volume: `${version}.5` }),
  );
  const facts: MarketFact[] = documents.map((document) => ({
    type: 'market_changed',
    conditionId: CONDITION,
    changed: ['volume'],
    market: document,
  }));
  const won = { outcome: 'win0', winningTokenId: TOKEN_YES, payouts: ['1', '0'] as [string, string] } as const;
  facts.push(step(1), step(2, { type: 'resolution_resolved', settlement: won, exchangeAtMs: NOON_MS }));
  await opened.database.apply(
    batch(0, 1, { trades: [...trades, extra, repeat], prices, books, markets: documents, facts }),
  );
  return opened;
}
