import { type Log, silentLog } from '@polytape/resilience';
import { testDatabase } from '@polytape/test-servers';
import { Client, type QueryResultRow } from 'pg';
import { Database } from '../src/index.ts';

/** A migrated database that belongs to one test, with a second way in. Dropped with all its connections on disposal. */
export type OpenDatabase = AsyncDisposable & {
  database: Database;
  url: string;
  /** Queries the server directly, past the package. */
  sql<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
};

/** @param options.timescale False makes plain tables even on a server with TimescaleDB. */
export async function openDatabase(options: { timescale: boolean }): Promise<OpenDatabase> {
  const { url, sql, database, stack } = await openEmptyDatabase();
  try {
    await database.migrate(options);
  } catch (error) {
    await stack.disposeAsync(); // nobody else holds it yet
    throw error;
  }
  return { database, url, sql, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** As `openDatabase`, but not migrated. */
export async function openEmptyDatabase() {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await testDatabase());
  const client = new Client(url);
  await client.connect();
  stack.defer(() => client.end());
  const database = stack.use(await open(url));
  const sql = async <R extends QueryResultRow>(text: string, values?: unknown[]) =>
    (await client.query<R>(text, values)).rows;
  return { url, sql, database, stack, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/**
 * The Community edition compresses old chunks and refreshes candles by itself. Tests that drop chunks (a deadlock with the
 * job, which the product would retry) or count them do such work in their own turn.
 */
export async function stopBackgroundJobs({ database, sql }: Pick<OpenDatabase, 'database' | 'sql'>): Promise<void> {
  if (database.edition !== 'timescaledb-community') return;
  await sql('SELECT _timescaledb_functions.stop_background_workers()');
}

export function open(url: string, options: { log?: Log; signal?: AbortSignal; applicationName?: string } = {}) {
  return Database.open({
    url,
    applicationName: options.applicationName ?? 'tapedb test',
    log: options.log ?? silentLog,
    signal: options.signal ?? new AbortController().signal,
  });
}

/** Both kinds of database that a test server can make. With TimescaleDB the first one has hypertables. */
export const EDITIONS = [
  { edition: 'on the best edition of the server', timescale: true },
  { edition: 'on plain tables', timescale: false },
];
