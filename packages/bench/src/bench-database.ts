import { silentLog } from '@polytape/resilience';
import { Database, type ProjectedRows, type StreamPosition, TradeRows } from '@polytape/tapedb';
import { tradeSubject } from '@polytape/types';
import type { Bench } from './bench.ts';
import { type Figure, measure } from './measure.ts';
import { sampleBooks, samplePrices } from './sample-snapshots.ts';
import { sampleTrades } from './sample-trades.ts';

/** The writer's transaction of 5,000 rows: position, COPY, unique key, commit. */
export async function benchDatabase(bench: Bench): Promise<Figure[]> {
  const { url } = await bench.postgres();
  const signal = new AbortController().signal;
  await using database = await Database.open({ url, applicationName: 'bench', log: silentLog, signal });
  await database.migrate();
  bench.say(`  (${database.edition})`);
  let from: StreamPosition | null = null;
  const commit = async (batches: readonly (() => Partial<ProjectedRows>)[]) => {
    for (const rowsOf of batches) {
      const rows = rowsOf();
      const sequence: number = (from?.sequence ?? 0) + ROWS;
      const to: StreamPosition = { streamCreatedAt: 'bench', sequence, messageAtMs: null, messageId: null };
      await database.apply({ stream: 'BENCH', from, to, rows, deadLetters: [] });
      from = to;
    }
    return batches.length * ROWS;
  };
  const batches = (run: number, rows: (number: number) => () => Partial<ProjectedRows>) =>
    Array.from({ length: BATCHES }, (_, i) => rows(run * BATCHES + i));
  const trades = (number: number) => {
    const messages = sampleTrades(number * ROWS, ROWS).map((trade) => ({
      subject: tradeSubject(trade),
      body: Buffer.from(JSON.stringify(trade)),
    }));
    return () => {
      const rows = new TradeRows();
      for (const { subject, body } of messages) rows.addMessage(subject, body, 'bench');
      return { trades: rows };
    };
  };
  return [
    await measure('new trades committed, 5,000 a transaction', 'rows', {
      prepare: (run) => batches(run, trades),
      work: commit,
    }),
    await measure('trades that are there already (a replay)', 'rows', {
      prepare: () => batches(0, trades),
      work: commit,
    }),
    await measure('prices of 5,000 tokens, an interval a transaction', 'rows', {
      prepare: (run) => batches(run, (interval) => given({ prices: samplePrices(interval, ROWS) })),
      work: commit,
    }),
    await measure('books of 5,000 tokens, 27 levels each', 'rows', {
      prepare: (run) => batches(run, (interval) => given({ books: sampleBooks(interval, ROWS) })),
      work: commit,
    }),
  ];
}

const given = (rows: Partial<ProjectedRows>) => () => rows;
const ROWS = 5_000;
const BATCHES = 4;
