import type { Pool } from 'pg';
import type { Edition } from './edition.ts';

/** The tables with a retention, and the column that dates a row. Those with `ts` are hypertables under TimescaleDB. */
const TIME_COLUMNS = {
  trades: 'ts',
  price_snapshots: 'ts',
  book_snapshots: 'ts',
  unparsed: 'received_at',
  dead_letters: 'buried_at',
} as const;

export type RetainedTable = keyof typeof TIME_COLUMNS;

/** The result of one round of retention. */
export type RetentionRound = {
  /** Chunks of hypertables, each a day; rows of plain tables. */
  dropped: number;
  unit: 'chunks' | 'rows';
  /** True when this round only narrowed the refresh of the candles. The next round drops the chunks. */
  isPrepared: boolean;
};

/** Start (UTC) of the oldest day to keep. Whole days, because chunks are days: every edition drops the same rows. */
export function retentionCutoffMs(days: number, nowMs: number): number {
  return Math.floor(nowMs / DAY_MS - days) * DAY_MS;
}

/**
 * Drops the rows older than `days` days, by chunks or in portions, each in its own transaction. The next round drops what
 * an abort or a failure leaves.
 *
 * To a continuous aggregate a dropped chunk is a change of its data: the next refresh over that time would delete the
 * candles. So the refreshes are first narrowed to the days that stay, and never widened again, not even by a longer
 * retention, because the days before are gone.
 */
export async function retain(
  pool: Pool,
  o: { table: RetainedTable; days: number; nowMs: number; edition: Edition; signal: AbortSignal },
): Promise<RetentionRound> {
  const cutoff = new Date(retentionCutoffMs(o.days, o.nowMs));
  const isHypertable = o.edition !== 'postgresql' && TIME_COLUMNS[o.table] === 'ts';
  if (!isHypertable) {
    return { dropped: await deleteRows(pool, o.table, cutoff, o.signal), unit: 'rows', isPrepared: false };
  }
  // A refresh may be running with the old window. It ends long before the next round, an hour from now.
  if (o.edition === 'timescaledb-community' && (await narrowRefreshes(pool, o.table, o.days))) {
    return { dropped: 0, unit: 'chunks', isPrepared: true };
  }
  return { dropped: await dropChunks(pool, o.table, cutoff, o.signal), unit: 'chunks', isPrepared: false };
}

async function deleteRows(pool: Pool, table: RetainedTable, cutoff: Date, signal: AbortSignal): Promise<number> {
  for (let dropped = 0; ; ) {
    const { rowCount } = await pool.query(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${TIME_COLUMNS[table]} < $1 LIMIT ${PORTION_ROWS}))`,
      [cutoff],
    );
    dropped += rowCount ?? 0;
    if ((rowCount ?? 0) < PORTION_ROWS || signal.aborted) return dropped;
  }
}

async function dropChunks(pool: Pool, table: RetainedTable, cutoff: Date, signal: AbortSignal): Promise<number> {
  const { rows: chunks } = await pool.query<{ range_end: Date }>(
    `SELECT range_end FROM timescaledb_information.chunks
     WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND range_end <= $2 ORDER BY range_end`,
    [table, cutoff],
  );
  let dropped = 0;
  for (const { range_end } of chunks) {
    if (signal.aborted) break;
    dropped += await dropChunksUntil(pool, table, range_end);
  }
  return dropped;
}

/** Gives up after `LOCK_MS_MAX` behind somebody's long query: every later query would queue up behind this one. */
async function dropChunksUntil(pool: Pool, table: RetainedTable, end: Date): Promise<number> {
  const client = await pool.connect();
  let fit = false; // whether the connection may go back to the pool
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_MS_MAX}`);
    const { rowCount } = await client.query('SELECT drop_chunks($1::regclass, older_than => $2::timestamptz)', [
      table,
      end,
    ]);
    await client.query('COMMIT');
    fit = true;
    return rowCount ?? 0;
  } finally {
    client.release(!fit);
  }
}

/** Makes the refreshes of a table's candles start after the dropped days; true when it had to change one of them. */
async function narrowRefreshes(pool: Pool, table: RetainedTable, days: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT alter_job(jobs.job_id, config => jobs.config || jsonb_build_object('start_offset', given.start_offset))
     FROM timescaledb_information.jobs
     JOIN _timescaledb_catalog.continuous_agg ON mat_hypertable_id = (config ->> 'mat_hypertable_id')::integer
     JOIN _timescaledb_catalog.hypertable ON hypertable.id = raw_hypertable_id,
       (SELECT make_interval(hours => $2)) AS given (start_offset)
     WHERE jobs.proc_name = 'policy_refresh_continuous_aggregate'
       AND hypertable.schema_name = current_schema() AND hypertable.table_name = $1
       AND coalesce((config ->> 'start_offset')::interval > given.start_offset, true)`,
    [table, days * 24 - MARGIN_HOURS],
  );
  return (rowCount ?? 0) > 0;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const PORTION_ROWS = 10_000;
const LOCK_MS_MAX = 5_000;
/** A running refresh has counted its window from its start, and chunks may be dropped while it runs. */
const MARGIN_HOURS = 1;
