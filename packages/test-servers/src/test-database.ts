import { randomBytes } from 'node:crypto';
import { Client, type QueryResultRow } from 'pg';
import { askBroker } from './ask-broker.ts';
import type { SharedPostgres } from './server-broker.ts';

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

/** The content of a database. Tests that name the same preparation share it, so the name stands for the content. */
export type Preparation = {
  /** A part of an SQL identifier. */
  name: string;
  /** Fills an empty database. */
  prepare(url: string): Promise<void>;
};

/**
 * Creates a database on the run's PostgreSQL, empty or with the prepared content. Disposing of it ends its sessions and drops
 * it. A server that ends with the run prepares each content once and copies it; a given one gets no lasting databases.
 */
export async function testDatabase(content: Preparation | null = null): Promise<TestDatabase> {
  const server = await askBroker('/postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = urlOf(server, name);
  const timescale = await asAdministrator(server.url, async (client) => {
    if (!server.isOurs) await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    else await copy(client, content === null ? 'template0' : await prepared(client, server, content), name);
    const { rowCount } = await client.query(TIMESCALE_QUERY);
    return rowCount === 1;
  });
  const database = {
    url,
    timescale,
    [Symbol.asyncDispose]: () =>
      asAdministrator(server.url, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
  try {
    if (!server.isOurs) await content?.prepare(url);
  } catch (error) {
    await database[Symbol.asyncDispose](); // nobody else holds it yet
    throw error;
  }
  return database;
}

/** The template with this content. The first session that asks creates it, and the others wait. */
async function prepared(client: Client, server: SharedPostgres, content: Preparation): Promise<string> {
  const template = `prepared_${content.name}`;
  const exists = async () => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    return rowCount === 1;
  };
  if (await exists()) return template;
  await client.query('SELECT pg_advisory_lock(hashtext($1))', [template]); // released with the session
  if (await exists()) return template;
  const unready = `unready_${content.name}`;
  await client.query(`DROP DATABASE IF EXISTS ${unready} WITH (FORCE)`);
  await copy(client, 'template0', unready);
  await content.prepare(urlOf(server, unready));
  // Otherwise background workers of TimescaleDB connect to the template, and it cannot be copied meanwhile.
  await client.query(`ALTER DATABASE ${unready} ALLOW_CONNECTIONS false`);
  await client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [unready]);
  await client.query(`ALTER DATABASE ${unready} RENAME TO ${template}`);
  return template;
}

/** Our servers do not sync, and then copying files is several times faster than PostgreSQL's default, the log. */
async function copy(client: Client, from: string, to: string): Promise<void> {
  await client.query(`CREATE DATABASE ${to} TEMPLATE ${from} STRATEGY FILE_COPY`);
}

function urlOf(server: SharedPostgres, database: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
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
