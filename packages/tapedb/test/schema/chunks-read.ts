import type { OpenDatabase } from '../open-database.ts';

/** How many chunks, or plain tables, of trades and snapshots this query looks into at all. */
export async function chunksRead(opened: OpenDatabase, query: string): Promise<number> {
  await opened.sql('SELECT pg_stat_force_next_flush()');
  await opened.sql('BEGIN');
  await opened.sql(query);
  const tables = await opened.sql<{ scans: number }>(
    `SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::int AS scans, relname FROM pg_stat_xact_user_tables
     WHERE relname ~ '^(_hyper_|compress_hyper|trades$|price_snapshots$|book_snapshots$)' GROUP BY relname`,
  );
  await opened.sql('COMMIT');
  return tables.filter(({ scans }) => scans > 0).length;
}
