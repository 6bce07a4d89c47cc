import { describe, expect, test } from 'vitest';
import type { RetainedTable } from '../../src/index.ts';
import { retentionCutoffMs } from '../../src/schema/retention.ts';
import { EDITIONS, type OpenDatabase, openDatabase, stopBackgroundJobs } from '../open-database.ts';
import { batch, book, deadLetter, NOON_MS, price, trade, unparsed } from '../projection/sample-batch.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

test('retention keeps whole days (UTC)', () => {
  expect(retentionCutoffMs(7, NOON_MS)).toBe(Date.UTC(2026, 7, 7));
  expect(retentionCutoffMs(1, Date.UTC(2026, 7, 7))).toBe(Date.UTC(2026, 7, 6));
});

/** Every table with a retention, and the time of a row. */
const TIMES = {
  trades: 'ts',
  price_snapshots: 'ts',
  book_snapshots: 'ts',
  unparsed: 'received_at',
  dead_letters: 'buried_at',
} satisfies Record<RetainedTable, string>;
const TABLES = Object.keys(TIMES) as RetainedTable[];

describe.each(EDITIONS)('retention $edition', ({ timescale }) => {
  test.each(TABLES)('drops the old rows of %s and of no other table', async (table) => {
    await using opened = await openDatabase({ timescale });
    const { database, sql } = opened;
    await stopBackgroundJobs(opened);
    const cutoffMs = retentionCutoffMs(7, NOON_MS);
    const times = [cutoffMs - 3 * DAY_MS, cutoffMs - 1, cutoffMs, NOON_MS];
    await database.apply({
      ...batch(0, 12, {
        trades: times.map((exchangeAtMs) => trade(`${exchangeAtMs}`, { exchangeAtMs })),
        prices: times.map((intervalStartMs) => price({ intervalStartMs })),
        books: times.map((intervalStartMs) => book({ intervalStartMs })),
        unparsed: times.map((ms, counter) => unparsed({ counter, receivedAtUs: ms * 1_000 })),
      }),
      deadLetters: times.map((storedAtMs, sequence) => deadLetter({ sequence, storedAtMs })),
    });
    await sql('UPDATE dead_letters SET buried_at = stored_at, stored_at = now()'); // they hold the server's clock: today
    await retained(opened, table, NOON_MS);
    for (const one of TABLES) {
      const left = await sql<{ at: Date }>(`SELECT ${TIMES[one]} AS at FROM ${one} ORDER BY 1`);
      const expected = one === table ? times.slice(2) : times;
      expect(
        left.map(({ at }) => at.getTime()),
        one,
      ).toEqual(expected);
    }
    expect(
      await database.retain(table, { days: 7, nowMs: NOON_MS, signal: new AbortController().signal }),
    ).toMatchObject({ dropped: 0, isPrepared: false });
  });
});

test('retention of plain tables deletes in portions until all old rows are gone', async () => {
  await using opened = await openDatabase({ timescale: false });
  const times = [...Array(25_000).keys()].map((second) => NOON_MS - 10 * DAY_MS + second * 1_000);
  await opened.database.apply(
    batch(0, 1, { prices: [...times, NOON_MS].map((intervalStartMs) => price({ intervalStartMs })) }),
  );
  const signal = new AbortController().signal;
  const round = await opened.database.retain('price_snapshots', { days: 7, nowMs: NOON_MS, signal });
  expect(round).toEqual({ dropped: 25_000, unit: 'rows', isPrepared: false });
  expect(await opened.sql('SELECT ts FROM price_snapshots')).toEqual([{ ts: new Date(NOON_MS) }]);
});

const edition = await (async () => {
  await using opened = await openDatabase({ timescale: true });
  return opened.database.edition;
})();

describe.skipIf(edition !== 'timescaledb-community')(
  `candles kept in the background (here: ${edition}; needs timescaledb-community)`,
  () => {
    test('outlive their trades and prices, even when they are refreshed and trades arrive late', async () => {
      await using opened = await openDatabase({ timescale: true });
      const { database, sql } = opened;
      await stopBackgroundJobs(opened);
      const nowMs = Date.now();
      const times = [...Array(20).keys()].map((day) => nowMs - day * DAY_MS - 60_000);
      await database.apply(
        batch(0, 1, {
          trades: times.map((exchangeAtMs) => trade(`${exchangeAtMs}`, { exchangeAtMs })),
          prices: times.map((intervalStartMs) => price({ intervalStartMs })),
        }),
      );
      await refresh(opened);
      const counts = async () => {
        const found: Record<string, number> = {};
        for (const view of CANDLES) found[view] = (await sql(`SELECT FROM ${view}`)).length;
        return found;
      };
      const before = await counts();
      expect(before).toEqual(Object.fromEntries(CANDLES.map((view) => [view, times.length])));

      for (const table of ['trades', 'price_snapshots'] as const) await retained(opened, table, nowMs);
      expect(await sql('SELECT FROM trades')).toHaveLength(8);
      await database.apply(batch(1, 2, { trades: [trade('late', { exchangeAtMs: nowMs - 3 * DAY_MS })] }));
      await refresh(opened);

      expect(await counts()).toEqual({ ...before, candles_1m: times.length + 1, candles_1h: expect.any(Number) });
      expect(await sql('SELECT sum(trades)::int AS trades FROM candles_1d')).toEqual([{ trades: times.length + 1 }]);
    });

    test('are never refreshed over days that an earlier, shorter retention dropped', async () => {
      await using opened = await openDatabase({ timescale: true });
      const signal = new AbortController().signal;
      for (const days of [30, 7, 60]) await opened.database.retain('trades', { days, nowMs: Date.now(), signal });
      expect(
        await opened.sql(
          `SELECT DISTINCT config ->> 'start_offset' AS start_offset FROM timescaledb_information.jobs
           JOIN _timescaledb_catalog.continuous_agg ON mat_hypertable_id = (config ->> 'mat_hypertable_id')::integer
           WHERE proc_name = 'policy_refresh_continuous_aggregate' AND user_view_name ~ '^candles'`,
        ),
      ).toEqual([{ start_offset: '167:00:00' }]);
    });
  },
);

/** The candles that a Community database keeps in the background. */
const CANDLES = ['candles_1m', 'candles_1h', 'candles_1d', 'price_candles_1h', 'price_candles_1d'];

/** Runs two rounds: the first may only narrow the refresh of the candles. */
async function retained({ database }: OpenDatabase, table: RetainedTable, nowMs: number): Promise<void> {
  const signal = new AbortController().signal;
  const { isPrepared } = await database.retain(table, { days: 7, nowMs, signal });
  if (isPrepared) await database.retain(table, { days: 7, nowMs, signal });
}

/** Runs the refresh of every policy, as the background jobs would. */
async function refresh({ sql }: OpenDatabase): Promise<void> {
  const jobs = await sql<{ job_id: number }>(
    "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_refresh_continuous_aggregate' ORDER BY 1",
  );
  for (const { job_id } of jobs) await sql(`CALL run_job(${job_id})`);
}
