import type { Pool } from 'pg';
import type { Edition } from './edition.ts';

/** Tables whose rows may be kept for a time only, and the time of a row. */
const TIME_COLUMNS = {
  trades: 'ts',
  price_snapshots: 'ts',
  book_snapshots: 'ts',
  unparsed: 'received_at',
  dead_letters: 'buried_at',
} as const;

export type RetainedTable = keyof typeof TIME_COLUMNS;

/** What a round of retention did. */
export type RetentionRound = {
  /** Chunks of hypertables, each a day; rows of plain tables. */
  dropped: number;
  unit: 'chunks' | 'rows';
  /** True when candles had to be told first to leave the past alone: what there is to drop goes in the next round. */
  isPrepared: boolean;
};

/** Start of the day (UTC) before which nothing is kept. Chunks are days: so the same rows go on every edition. */
export function retentionCutoffMs(days: number, nowMs: number): number {
  return Math.floor(nowMs / DAY_MS - days) * DAY_MS;
}

/**
 * Drops what is older than `days` days. Chunk by chunk, or in portions, each for itself: what an abort or a failure
 * leaves is for the next round.
 *
 * Dropped chunks are changes to a continuous aggregate, whose refresh would make nothing of their candles. So before
 * anything is dropped the refreshes are narrowed to what is younger, and never widened again: also a longer retention
 * must not have them look at days that are gone.
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
  // A refresh may be under way with its old window: the hour until the next round is more than it takes.
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

/** Does not wait for a long query of somebody's: all that come after would wait behind us. */
async function dropChunksUntil(pool: Pool, table: RetainedTable, end: Date): Promise<number> {
  const client = await pool.connect();
  let fit = false; // to go back to the pool
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

/** Has the refreshes of the candles of a table begin behind what is dropped; true when one of them did not yet. */
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
/** A refresh that has begun counts its window from then, and chunks may be dropped while it runs. */
const MARGIN_HOURS = 1;
