import { Database, type StreamPosition } from '@polytape/tapedb';
import type { Log, Trade } from '@polytape/types';
import { type Measured, measure } from './measure.ts';
import { sampleTrades } from './sample-trades.ts';

/** The writer's transaction with 5,000 trades: position, COPY, unique key, commit. */
export async function benchDatabase(url: string, say: (sentence: string) => void): Promise<Measured[]> {
  const signal = new AbortController().signal;
  await using database = await Database.open({ url, applicationName: 'bench', log: silentLog, signal });
  await database.migrate();
  say(`  (${database.edition})`);
  let from: StreamPosition | null = null;
  const commit = async (batches: readonly Trade[][]) => {
    for (const trades of batches) {
      const sequence: number = (from?.sequence ?? 0) + trades.length;
      const to: StreamPosition = { incarnation: 'bench', sequence, messageAtMs: null, messageId: null };
      const rows = trades.map((trade) => ({ ...trade, connectionId: 'bench' }));
      await database.apply({ stream: 'TRADES', from, to, rows: { trades: rows }, deadLetters: [] });
      from = to;
    }
    return batches.length * ROWS;
  };
  const batches = (first: number) => Array.from({ length: BATCHES }, (_, i) => sampleTrades((first + i) * ROWS, ROWS));
  return [
    await measure('new trades committed, 5,000 a transaction', 'rows', {
      prepare: (run) => batches(run * BATCHES),
      work: commit,
    }),
    await measure('trades that are there already (a replay)', 'rows', { prepare: () => batches(0), work: commit }),
  ];
}

const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ROWS = 5_000;
const BATCHES = 4;
