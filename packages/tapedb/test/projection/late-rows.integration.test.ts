import type { MarketFact } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { openDatabase, stopBackgroundJobs } from '../open-database.ts';
import { batch, book, CONDITION, market, NOON_MS, price, trade } from './sample-batch.ts';

/** Compression is there in the Community edition alone; asked of the server, so that the report names the reason. */
const edition = await (async () => {
  await using opened = await openDatabase({ timescale: true });
  return opened.database.edition;
})();
const hasCompression = edition === 'timescaledb-community';

describe.skipIf(!hasCompression)(
  `what comes late, into compressed chunks (here: ${edition}; needs timescaledb-community),`,
  () => {
    test('is stored once, beside existing rows: trades, which count in the candles', async () => {
      await using opened = await openDatabase({ timescale: true });
      const early = [trade('one'), trade('two', { exchangeAtMs: NOON_MS + 1_000 })];
      await opened.database.apply(batch(0, 2, { trades: early }));
      const compressed = await opened.sql(
        "SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('trades') AS chunk",
      );
      expect(compressed).toHaveLength(1);

      const late = [...early, trade('three', { exchangeAtMs: NOON_MS + 2_000 })];
      expect(await opened.database.apply(batch(2, 5, { trades: late }))).toEqual({ inserted: 1 });
      expect(await opened.database.tradeCount()).toBe(3);
      expect(await opened.sql('SELECT trades::int FROM candles_1m')).toEqual([{ trades: 3 }]);
    });

    test('is stored once, beside existing rows: prices, books and documents', async () => {
      await using opened = await openDatabase({ timescale: true });
      const { database, sql } = opened;
      await stopBackgroundJobs(opened);
      const later = { slotAtMs: NOON_MS + 300_000 };
      const change = (version: number): MarketFact => ({
        type: 'market_changed',
        conditionId: CONDITION,
        changed: [],
        market: market({ version, seenAtMs: NOON_MS + version }),
      });
      await database.apply(batch(0, 2, { prices: [price()], books: [book()], facts: [change(1)] }));
      await sql("CALL refresh_continuous_aggregate('price_candles_1h_by_key', NULL, NULL)");
      for (const table of ['price_snapshots', 'book_snapshots', 'market_versions']) {
        expect(
          await sql(`SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('${table}') AS chunk`),
          table,
        ).toHaveLength(1);
      }

      const other = { lastPrice: '0.1', midpoint: '0.2' };
      await database.apply(
        batch(2, 4, {
          prices: [price(other), price({ ...later, ...other })],
          books: [book({ bids: [] }), book(later)],
          facts: [change(1), change(2)],
        }),
      );
      expect(await sql('SELECT last_price FROM price_tape ORDER BY ts')).toEqual([
        { last_price: '0.925' },
        { last_price: '0.1' },
      ]);
      expect(await sql('SELECT bids FROM book_tape')).toEqual([{ bids: book().bids }, { bids: book().bids }]);
      expect(await sql('SELECT version::int FROM market_versions ORDER BY version')).toEqual([
        { version: 1 },
        { version: 2 },
      ]);
      await sql("CALL refresh_continuous_aggregate('price_candles_1h_by_key', NULL, NULL)");
      expect(await sql('SELECT open, close, snapshots::int FROM price_candles_1h')).toEqual([
        { open: '0.925', close: '0.2', snapshots: 2 },
      ]);
    });
  },
);
