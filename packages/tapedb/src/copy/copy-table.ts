import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A table that rows are copied into, with its unique key. */
export type CopyTable = {
  table: string;
  /** In the order of the fields of a copied row. */
  columns: string;
  key: string;
};

/** SQL for the table that rows are copied into first. Created once per connection; emptied after each transaction. */
export function incomingTable({ table }: CopyTable): string {
  return `CREATE TEMPORARY TABLE IF NOT EXISTS incoming_${table} (LIKE ${table}) ON COMMIT DELETE ROWS`;
}

/**
 * Copies rows in binary. Rows whose key exists are skipped; of two rows with one key the first is stored. COPY has no ON
 * CONFLICT, hence the temporary table. Returns the number of new rows.
 */
export async function copyRows(client: ClientBase, { table, columns, key }: CopyTable, rows: Buffer): Promise<number> {
  const copy = client.query(copyFrom(`COPY incoming_${table} (${columns}) FROM STDIN (FORMAT binary)`));
  // A failed stream would go on sending once the connection has room again, when the connection is no longer its own.
  copy.on('error', () => copy.destroy());
  copy.end(rows);
  await once(copy, 'finish');
  const { rowCount } = await client.query({
    name: `store_${table}`,
    text: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM incoming_${table} ON CONFLICT (${key}) DO NOTHING`,
  });
  return rowCount ?? 0;
}
