import { type ClientBase, DatabaseError } from 'pg';
import { CopyQuery } from './copy-query.ts';

/** A table that rows are copied into, with its unique key. */
export type CopyTable = {
  table: string;
  /** In the order of the fields of a copied row. */
  columns: string;
  key: string;
};

/** SQL that prepares a connection for `copyRows`. */
export function prepareCopy({ table, columns, key }: CopyTable): string {
  return `CREATE TEMPORARY TABLE IF NOT EXISTS incoming_${table} (LIKE ${table}) ON COMMIT DELETE ROWS;
    PREPARE store_${table} AS
    INSERT INTO ${table} (${columns}) SELECT ${columns} FROM incoming_${table} ON CONFLICT (${key}) DO NOTHING`;
}

/**
 * Copies rows in binary and returns the number of new rows.
 *
 * @param o.skipKnown Skips rows whose key exists; of two rows with one key the first is stored. COPY has no ON CONFLICT, so
 *   the rows go through a temporary table. Without it such a row is an error, see `isKnownRow`, and new rows are stored in
 *   half the time.
 * @param o.commit Ends the transaction, without a round trip of its own.
 */
export async function copyRows(
  client: ClientBase,
  { table, columns }: CopyTable,
  rows: Buffer,
  o: { skipKnown: boolean; commit: boolean },
): Promise<number> {
  const copy = `COPY ${o.skipKnown ? 'incoming_' : ''}${table} (${columns}) FROM STDIN (FORMAT binary)`;
  const store = o.skipKnown ? `; EXECUTE store_${table}` : '';
  const query = new CopyQuery(`${copy}${store}${o.commit ? '; COMMIT' : ''}`, rows);
  return await client.query(query).stored;
}

/** Whether a row was refused because its key exists. */
export function isKnownRow(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23505';
}
