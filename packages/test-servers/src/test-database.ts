import { randomBytes } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { askBroker } from './ask-broker.ts';

/** A database for one test. */
export type TestDatabase = AsyncDisposable & {
  /** `postgresql://` address with credentials. */
  url: string;
  /** Whether CREATE EXTENSION timescaledb works. */
  timescale: boolean;
};

/** A database session that bypasses our code, for queries, changes and locks of a test. */
export type DatabaseSession = AsyncDisposable & {
  sql<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
};

export async function databaseSession(url: string): Promise<DatabaseSession> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  return {
    sql: async <Row extends QueryResultRow>(text: string, values?: unknown[]) =>
      (await client.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Returns one row if the extension is installed and preloaded (some roles cannot see that setting). */
const TIMESCALE_QUERY = `
  SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb' AND NOT EXISTS (
    SELECT 1 FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting NOT LIKE '%timescaledb%')`;

/** Creates an empty database on the run's PostgreSQL. Disposing of it ends its sessions and drops it. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await askBroker('/postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const timescale = await asAdministrator(server.url, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const { rowCount } = await client.query(TIMESCALE_QUERY);
    return rowCount === 1;
  });
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    timescale,
    [Symbol.asyncDispose]: () =>
      asAdministrator(server.url, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

async function asAdministrator<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
