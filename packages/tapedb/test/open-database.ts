import { type Log, silentLog } from '@polytape/resilience';
import { type Preparation, testDatabase } from '@polytape/test-servers';
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
export function openDatabase(options: { timescale: boolean }): Promise<OpenDatabase> {
  return openPrepared({
    name: options.timescale ? 'best_edition' : 'plain_tables',
    async prepare(url) {
      await using database = await open(url);
      await database.migrate(options);
    },
  });
}

/** As `openDatabase`, but not migrated. */
export function openEmptyDatabase(): Promise<OpenDatabase> {
  return openPrepared(null);
}

async function openPrepared(content: Preparation | null): Promise<OpenDatabase> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await testDatabase(content));
  const client = new Client(url);
  await client.connect();
  stack.defer(() => client.end());
  const database = stack.use(await open(url));
  const sql = async <R extends QueryResultRow>(text: string, values?: unknown[]) =>
    (await client.query<R>(text, values)).rows;
  const owned = stack.move();
  return { url, sql, database, [Symbol.asyncDispose]: () => owned.disposeAsync() };
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
