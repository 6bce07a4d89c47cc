import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A table that rows are copied into, and what tells its rows apart. */
export type CopyTable = {
  table: string;
  /** In the order of the fields of a copied row. */
  columns: string;
  key: string;
};

/** The table that rows are copied into first; emptied at the end of each transaction. To be made once a connection. */
export function incomingTable({ table }: CopyTable): string {
  return `CREATE TEMPORARY TABLE IF NOT EXISTS incoming_${table} (LIKE ${table}) ON COMMIT DELETE ROWS`;
}

/**
 * Copies rows in binary, and leaves those that are there already as they are; the first of two in `rows`, too. COPY knows
 * no ON CONFLICT, hence the temporary table. Returns how many are new.
 */
export async function copyRows(client: ClientBase, { table, columns, key }: CopyTable, rows: Buffer): Promise<number> {
  const copy = client.query(copyFrom(`COPY incoming_${table} (${columns}) FROM STDIN (FORMAT binary)`));
  // A stream that failed would go on sending once its connection has room again, on a connection that it no longer has.
  copy.on('error', () => copy.destroy());
  copy.end(rows);
  await once(copy, 'finish');
  const { rowCount } = await client.query({
    name: `store_${table}`,
    text: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM incoming_${table} ON CONFLICT (${key}) DO NOTHING`,
  });
  return rowCount ?? 0;
}
