import { silentLog } from '@polytape/resilience';
import { testDatabase } from '@polytape/test-servers';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { configurationMistake } from '../../src/connection.ts';
import { type Database, DatabaseConfigurationError, SchemaMismatchError } from '../../src/index.ts';
import { limitedRole } from '../limited-role.ts';
import { EDITIONS, open, openDatabase, openEmptyDatabase, stopBackgroundJobs } from '../open-database.ts';
import { batch, trade } from '../projection/sample-batch.ts';

const CANDLES = 'ts, token_id, condition_id, open, high, low, close, volume, notional, vwap, trades';
const PRICE_CANDLES = 'ts, token_id, condition_id, open, high, low, close, last_price, spread, snapshots';
const VIEWS = {
  trade_tape:
    'ts, token_id, condition_id, question, outcome, side, price, size, fee_rate_bps, transaction_hash, received_at, source, connection_id, trade_id',
  suspected_repeats:
    'ts, token_id, condition_id, question, outcome, side, price, size, transaction_hash, received_at, connection_id, trade_id, first_trade_id, first_received_at, first_connection_id, delay',
  price_tape:
    'ts, token_id, condition_id, question, outcome, last_price, best_bid, best_ask, midpoint, spread, volume_24h, seen_at',
  book_tape:
    'ts, token_id, condition_id, question, outcome, best_bid, best_ask, spread, midpoint, bids, asks, tick_size, exchange_at, seen_at, age, hash, hash_matches',
  events: 'ts, condition_id, type, token_id, seen_at, detail',
  market_resolutions:
    'condition_id, question, slug, state, outcome, winner, winning_token_id, payout_0, payout_1, resolved_at, closed_at, seen_at, method, step',
  candles_1m: CANDLES,
  candles_1h: CANDLES,
  candles_1d: CANDLES,
  price_candles_1m: PRICE_CANDLES,
  price_candles_1h: PRICE_CANDLES,
  price_candles_1d: PRICE_CANDLES,
};

describe.each(EDITIONS)('a database $edition', ({ timescale }) => {
  test('is migrated once', async () => {
    await using opened = await openEmptyDatabase();
    const { applied } = await opened.database.migrate({ timescale });
    expect(applied[0]).toBe('0001-tables.sql');
    expect(await opened.database.migrate({ timescale })).toEqual({ applied: [] });

    await using later = await open(opened.url);
    expect(later.edition).toBe(opened.database.edition);
    expect(await later.migrate()).toEqual({ applied: [] });
  });

  test('is migrated once by many at the same time', async () => {
    await using opened = await openEmptyDatabase();
    await using other = await open(opened.url);
    const results = await Promise.all(
      [opened.database, other, opened.database, other].map((database) => database.migrate({ timescale })),
    );
    expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    expect(other.edition).toBe(opened.database.edition);
  });

  test('has the views with their columns in this order, and a comment on everything', async () => {
    await using opened = await openDatabase({ timescale });
    const columns = await opened.sql<{ name: string; columns: string }>(
      `SELECT table_name AS name, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY ($1) GROUP BY 1`,
      [Object.keys(VIEWS)],
    );
    expect(Object.fromEntries(columns.map((view) => [view.name, view.columns]))).toEqual(VIEWS);

    const uncommented = await opened.sql<{ name: string }>(
      `SELECT relname || coalesce('.' || attname, '') AS name
       FROM pg_class LEFT JOIN LATERAL (
         SELECT NULL::name AS attname, 0 AS attnum UNION ALL
         SELECT attname, attnum FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
       ) AS attribute ON true
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname !~ '_by_key$'
         AND col_description(pg_class.oid, attnum) IS NULL AND NOT (attnum = 0 AND obj_description(pg_class.oid, 'pg_class') IS NOT NULL)`,
    );
    expect(uncommented.map(({ name }) => name)).toEqual([]);
  });

  test('warns in comments of what could mislead', async () => {
    await using opened = await openDatabase({ timescale });
    const comments = async (column: string) =>
      (
        await opened.sql<{ comment: string }>(
          `SELECT col_description(attrelid, attnum) AS comment FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
           WHERE relnamespace = 'public'::regnamespace AND relname || '.' || attname ~ $1`,
          [column],
        )
      ).map(({ comment }) => comment);
    const warnings = [
      { column: '^(price|book)_(snapshots|tape)[.]ts$', columns: 4, words: /join by seen_at/ },
      { column: '^price_candles_1.[.]ts$', columns: 3, words: /by seen_at/ },
      { column: '^price_candles_1.[.]spread$', columns: 3, words: /not over time/ },
      { column: '^(resolution_events|resolutions|market_resolutions)[.]outcome$', columns: 3, words: /unknown \(void/ },
    ];
    for (const { column, columns, words } of warnings) {
      const found = await comments(column);
      expect(found, column).toHaveLength(columns);
      for (const comment of found) expect(comment, column).toMatch(words);
    }
  });

  test('is left alone when its migrations differ from those of the code', async () => {
    await using opened = await openDatabase({ timescale });
    await opened.sql(`UPDATE schema_migrations SET sha256 = 'another' WHERE file = '0001-tables.sql'`);
    await expect(opened.database.migrate()).rejects.toThrow(SchemaMismatchError);
    await opened.sql(`DELETE FROM schema_migrations WHERE file = '0001-tables.sql'`);
    await opened.sql(
      `INSERT INTO schema_migrations (file, sha256, edition) VALUES ('9999-later.sql', '', 'postgresql')`,
    );
    await expect(opened.database.migrate()).rejects.toThrow('update polytape');
    await opened.sql(`UPDATE schema_migrations SET file = '0001-tape.sql' WHERE file = '9999-later.sql'`);
    await expect(opened.database.migrate()).rejects.toThrow('a development version of polytape made this database');
  });

  test('reads the trades of a time range through the time index', async () => {
    await using opened = await openDatabase({ timescale });
    await stopBackgroundJobs(opened);
    const minutes = [...Array(10_000).keys()].map((minute) => Date.UTC(2026, 7, 1) + minute * 60_000);
    const trades = minutes.map((exchangeAtMs) => trade('a', { exchangeAtMs }));
    await opened.database.apply(batch(0, 10_000, { trades }));
    await opened.sql('ANALYZE');
    const plan = await opened.sql<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, COSTS off, TIMING off, BUFFERS off)
       SELECT * FROM trade_tape WHERE ts >= '2026-08-05 12:00' AND ts < '2026-08-05 12:10' AND token_id = '${trades[0]?.tokenId}'`,
    );
    const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(lines).toMatch(/Index Cond: \(\(ts >= '2026-08-05 12:00/);
    expect(lines).not.toMatch(/Seq Scan on (trades|_hyper)/);
  });
});

test('an error names the view of an operator that keeps a migration from dropping a view', async () => {
  await using opened = await openDatabase({ timescale: false });
  await opened.sql('CREATE VIEW my_hours AS SELECT * FROM candles_1h');
  const error = await opened.sql('DROP VIEW candles_1h').catch((reason: unknown) => reason);
  expect(String(configurationMistake(error, 'localhost'))).toMatch(/view my_hours depends on view candles_1h.*drop it/);
});

test('a database gets hypertables where the server has TimescaleDB', async () => {
  await using given = await testDatabase();
  await using database = await open(given.url);
  await database.migrate();
  expect(database.edition).toMatch(given.timescale ? /^timescaledb-/ : /^postgresql$/);
});

test('a database of plain tables keeps them when TimescaleDB is created in it later', async () => {
  await using opened = await openDatabase({ timescale: false });
  const [extension] = await opened.sql(`SELECT FROM pg_available_extensions WHERE name = 'timescaledb'`);
  if (extension !== undefined) await opened.sql('CREATE EXTENSION timescaledb');
  await using later = await open(opened.url);
  expect(later.edition).toBe('postgresql');
  expect(await later.migrate()).toEqual({ applied: [] });
  expect(await later.apply(batch(0, 1, { trades: [trade('a')] }))).toEqual({ inserted: 1 });
});

test.each(['an empty', 'a migrated'])(
  '%s database on a release of TimescaleDB that loses rows is refused',
  async (kind) => {
    await using opened = await openEmptyDatabase();
    if (kind === 'a migrated') {
      await opened.database.migrate({ timescale: false });
      await opened.sql(`UPDATE schema_migrations SET edition = 'timescaledb-community'`);
    }
    // The catalogue says what such a server says; the extension's own library stays out of this database.
    await opened.sql(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET timescaledb.disable_load = on', current_database());
    EXECUTE format('ALTER DATABASE %I SET timescaledb.license = timescale', current_database());
  END $$`);
    await opened.sql('SET timescaledb.disable_load = on; SET allow_system_table_mods = on');
    await opened.sql(
      `INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     VALUES (16000, 'timescaledb', 10, 'public'::regnamespace, false, '2.17.2')`,
    );
    await using database = await open(opened.url);
    const error = await database.migrate().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(String(error)).toMatch(
      /TimescaleDB 2\.17\.2 at .* loses rows.*issue 7672.*install TimescaleDB 2\.18\.1 or later/,
    );
  },
);

describe('a role', () => {
  test('that may not create TimescaleDB gets plain tables and a warning', async () => {
    await using given = await testDatabase();
    await using role = await limitedRole(given.url, { mayCreateTables: true });
    const warnings: string[] = [];
    await using database = await open(role.url, {
      log: { ...silentLog, warn: (_, sentence) => warnings.push(sentence) },
    });
    await database.migrate();
    expect(database.edition).toBe('postgresql');
    expect(warnings.join()).toMatch(given.timescale ? /let a superuser run CREATE EXTENSION timescaledb/ : /^$/);
  });

  test('that may not create tables gets an error that names the missing right', async () => {
    await using given = await testDatabase();
    await using role = await limitedRole(given.url, { mayCreateTables: false });
    await using database = await open(role.url);
    const error = await database.migrate().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(String(error)).toMatch(/DATABASE_URL lacks a right .*permission denied for schema public.*GRANT/);
  });

  test('that may not create tables can use an up-to-date database', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using role = await limitedRole(opened.url, { mayCreateTables: false });
    const owner = new Client(opened.url);
    await owner.connect();
    await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role.name}`);
    await owner.end();
    await using database: Database = await open(role.url);
    expect(await database.migrate()).toEqual({ applied: [] });
    expect(await database.apply(batch(0, 1, { trades: [trade('a')] }))).toEqual({ inserted: 1 });
  });
});
