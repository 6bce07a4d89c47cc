import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bus } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { Database } from '@polytape/tapedb';
import { tradeMessageId, tradeSubject } from '@polytape/types';
import { Client } from 'pg';
import type { Bench } from './bench.ts';
import { type Figure, figureOf, RUNS } from './measure.ts';
import { sampleTrades } from './sample-trades.ts';

/**
 * What a trade takes on disk, and how long queries of the READMEs take on a long tape. Set BENCH_DATABASE_URL to an empty database of
 * TimescaleDB's Community edition to see compressed trades, too.
 */
export async function benchStorage(bench: Bench): Promise<Figure[]> {
  const inLog = await logFigure(bench);
  const signal = new AbortController().signal;
  const url = process.env.BENCH_DATABASE_URL ?? (await bench.postgres()).url;
  await using database = await Database.open({ url, applicationName: 'bench', log: silentLog, signal });
  await database.migrate();
  const client = new Client({ connectionString: url });
  await client.connect();
  await using _client = { [Symbol.asyncDispose]: () => client.end() };
  const trades = bench.options.quick ? 1_000_000 : 10_000_000;
  bench.say(`  (${database.edition}; generating ${trades.toLocaleString('en')} trades)`);
  await generate(client, trades);
  const figures = [inLog, ...(await tableFigures(client, database.edition, trades))];
  for (const [name, sql] of QUERIES) figures.push(await queryFigure(client, name, sql));
  if (database.edition !== 'timescaledb-community') return figures;
  await client.query(`SELECT compress_chunk(chunk) FROM show_chunks('trades') AS chunk`);
  const compressed = await numberOf(client, `SELECT total_bytes FROM hypertable_detailed_size('trades')`);
  figures.push(bytes('in the database, compressed', [compressed / trades]));
  for (const [name, sql] of QUERIES) figures.push(await queryFigure(client, `${name}, compressed`, sql));
  return figures;
}

/** The stream's files, whose blocks the server compresses once they are full. */
async function logFigure(bench: Bench): Promise<Figure> {
  const { url } = await bench.nats();
  await using bus = await Bus.connect({ url, name: 'bench', log: silentLog, signal: new AbortController().signal });
  await bus.reconcile(new AbortController().signal);
  await using publisher = bus.publisher({ unacknowledgedMax: 4_000, queueMax: LOGGED });
  const before = await sizeOf(bench.directory);
  for (const trade of sampleTrades(0, LOGGED)) {
    const headers = {
      'Pm-Connection': 'ingestor-0123456789-17',
      'Pm-Shard': 'shard-17',
      'Pm-Ingestor': 'ingestor-0123456789',
    };
    const messageId = tradeMessageId(trade);
    publisher.publish({ subject: tradeSubject(trade), messageId, body: JSON.stringify(trade), headers });
  }
  await publisher.idle();
  return bytes('in the log', [((await sizeOf(bench.directory)) - before) / LOGGED]);
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)));
  return files.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

/** Trades of 20,000 tokens over three days until now; few tokens have most of them, and each has a transaction of its own. */
async function generate(client: Client, trades: number): Promise<void> {
  await client.query('SET statement_timeout = 0');
  await client.query(`INSERT INTO markets (condition_id, version, gamma_id, question, slug, protocol, tags, active, closed,
      accepting_orders, neg_risk, seen_at)
    SELECT '0x' || market, 1, market, 'Question ' || market, market, 'v1', '{}', true, false, true, false, now()
    FROM generate_series(1, 10000) AS market`);
  await client.query(`INSERT INTO tokens (token_id, condition_id, outcome, outcome_index)
    SELECT token || repeat('7', 70), '0x' || (token + 1) / 2, CASE token % 2 WHEN 1 THEN 'Yes' ELSE 'No' END, 1 - token % 2
    FROM generate_series(1, 20000) AS token`);
  await client.query(
    `INSERT INTO connections (connection_id) SELECT 'ingestor-' || n FROM generate_series(1, 50) AS n`,
  );
  for (let from = 0; from < trades; from += PORTION) {
    await client.query(
      `INSERT INTO trades
       SELECT ts, ts + (10 + random() * 60) * interval '1 millisecond', ('x' || left(md5('c' || n), 16))::bit(64)::bigint,
         1 + floor(20000 * power(random(), 3)), 1 + floor(random() * 50), 0, CASE WHEN random() < 0.5 THEN 'B' ELSE 'S' END, 'w',
         (1 + floor(random() * 99)::numeric) / 100,
         CASE WHEN random() < 0.5 THEN floor(random() * 500)::numeric ELSE round((random() * 1000)::numeric, 6) END,
         0, sha256(('h' || n)::bytea)
       FROM (
         SELECT n, date_trunc('milliseconds', now() - interval '3 days' * (1 - n / $3::float8)) AS ts
         FROM generate_series($1::int, $2::int - 1) AS n
       ) AS made`,
      [from, Math.min(trades, from + PORTION), trades],
    );
  }
  await client.query('VACUUM ANALYZE trades');
}

async function tableFigures(client: Client, edition: string, trades: number): Promise<Figure[]> {
  const sizes =
    edition === 'postgresql'
      ? `SELECT pg_table_size('trades') AS rows, pg_indexes_size('trades') AS indexes`
      : `SELECT table_bytes AS rows, index_bytes AS indexes FROM hypertable_detailed_size('trades')`;
  const { rows } = await client.query<{ rows: string; indexes: string }>(sizes);
  const perTrade = (size: string | undefined) => [Number(size) / trades];
  return [
    bytes('in the database, rows', perTrade(rows[0]?.rows)),
    bytes('in the database, indexes', perTrade(rows[0]?.indexes)),
  ];
}

async function numberOf(client: Client, sql: string): Promise<number> {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return Number(rows[0]?.[0]);
}

async function queryFigure(client: Client, name: string, sql: string): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const startedAtMs = performance.now();
    await client.query(sql);
    if (run > 0) times.push(performance.now() - startedAtMs);
  }
  return figureOf(name, 'ms', 'less', times);
}

function bytes(name: string, values: readonly number[]): Figure {
  return figureOf(name, 'bytes/trade', 'less', values);
}

/** Of the READMEs, for a token and a market of middling activity. */
const TOKEN = `(SELECT token_id FROM tokens WHERE token_key = 2000)`;
const MARKET = `(SELECT condition_id FROM tokens WHERE token_key = 2000)`;
const QUERIES: readonly [name: string, sql: string][] = [
  [
    'trades of the last 5 minutes',
    `SELECT ts, question, outcome, side, price, size FROM trade_tape WHERE ts > now() - interval '5 minutes' ORDER BY ts DESC, trade_id`,
  ],
  [
    'most traded markets of an hour',
    `SELECT question, count(*) AS trades, sum(size * price) AS notional FROM trade_tape
     WHERE ts > now() - interval '1 hour' GROUP BY question ORDER BY notional DESC LIMIT 3`,
  ],
  ['first and last trade of a token', `SELECT count(*), min(ts), max(ts) FROM trade_tape WHERE token_id = ${TOKEN}`],
  [
    'candles of a market, an hour each, over a day',
    `SELECT ts, open, high, low, close, volume, vwap FROM candles_1h
     WHERE condition_id = ${MARKET} AND ts >= now() - interval '1 day' ORDER BY ts, token_id`,
  ],
  ['summary of a market over a day', `SELECT * FROM market_summary(now() - interval '1 day', now(), ${MARKET})`],
  [
    'volume profile of a token over a day',
    `SELECT * FROM volume_profile(${TOKEN}, now() - interval '1 day', now(), 0.01)`,
  ],
  [
    'price of a token each minute over a day',
    `SELECT * FROM price_series(${TOKEN}, now() - interval '1 day', now(), interval '1 minute', 'trade')`,
  ],
];

const LOGGED = 200_000;
const PORTION = 1_000_000;
