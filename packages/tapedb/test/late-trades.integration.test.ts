import { describe, expect, test } from 'vitest';
import { openDatabase } from './open-database.ts';
import { batch, NOON_MS, trade } from './sample-batch.ts';

/** Compression is there in the Community edition alone; asked of the server, so that the report names the reason. */
const edition = await (async () => {
  await using opened = await openDatabase({ timescale: true });
  return opened.database.edition;
})();
const hasCompression = edition === 'timescaledb-community';

describe.skipIf(!hasCompression)(
  `late trades, in compressed chunks (here: ${edition}; needs timescaledb-community),`,
  () => {
    test('are stored once, beside those that are there, and count in the candles', async () => {
      await using opened = await openDatabase({ timescale: true });
      const early = [trade('one'), trade('two', { exchangeAtMs: NOON_MS + 1_000 })];
      await opened.database.apply(batch(0, 2, { trades: early }));
      const compressed = await opened.sql("SELECT compress_chunk(chunk) FROM show_chunks('trades') AS chunk");
      expect(compressed).toHaveLength(1);

      const late = [...early, trade('three', { exchangeAtMs: NOON_MS + 2_000 })];
      expect(await opened.database.apply(batch(2, 5, { trades: late }))).toEqual({ inserted: 1, alreadyThere: 2 });
      expect(await opened.database.tradeCount()).toBe(3);
      expect(await opened.sql('SELECT trades::int FROM candles_1m')).toEqual([{ trades: 3 }]);
    });
  },
);
