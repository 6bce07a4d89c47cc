import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { EmbeddedServer } from '../embedded-server.ts';
import { freePort, requirePortFree } from '../free-port.ts';
import { waitForPredecessor } from '../predecessor.ts';
import { ServerProcess } from '../server-process.ts';
import { asServerUser } from '../server-user.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { clusterDirectory, openPostgresCluster, POSTGRES_USER } from './postgres-cluster.ts';
import { postgresCommand } from './postgres-command.ts';
import { keepTimescaleVersion, requireTimescaleIfUsed } from './timescale-version.ts';

const DATABASE = 'polytape';
const READY_MS_MAX = 60_000;
/** Time limit for the backends of a killed server to notice, and to release its shared memory. */
const ORPHANS_MS_MAX = 20_000;
/** Another program may take a free port before the server does. */
const FREE_PORT_ATTEMPTS = 5;

/**
 * Starts PostgreSQL on 127.0.0.1 with a superuser `polytape`, a generated password and a database `polytape`, all part of
 * `url`. It creates the cluster if `dataDir` is empty, and recovers the data of a killed server. Started by root, the server
 * runs as the cluster's owner or as nobody, because PostgreSQL refuses root.
 *
 * @throws {EmbeddedServerError} `port-taken`, `directory`, `in-use`, `unavailable` or `start-failed`.
 */
export async function startPostgres(options: {
  binaries: PostgresBinaries;
  /** Created if absent. Holds `pgdata`, `password` and, without `logPath`, `postgres.log`. */
  dataDir: string;
  /** 0, the default, picks a free one. */
  port?: number | undefined;
  logPath?: string | undefined;
  /** PostgreSQL settings that override the defaults of this package. */
  settings?: Record<string, string> | undefined;
}): Promise<EmbeddedServer> {
  const { binaries, settings = {}, port: wanted = 0 } = options;
  const dataDir = resolve(options.dataDir);
  await waitForPredecessor({ server: 'PostgreSQL', directory: clusterDirectory(dataDir), word: 'postgres' });
  if (wanted > 0) await requirePortFree(wanted, 'PostgreSQL');
  const cluster = await openPostgresCluster(binaries, dataDir);
  await requireTimescaleIfUsed(dataDir, binaries);

  const deadline = performance.now() + ORPHANS_MS_MAX;
  for (let attempt = 1; ; attempt++) {
    const port = wanted > 0 ? wanted : await freePort();
    const command = postgresCommand({ binaries, clusterDir: cluster.directory, port, settings });
    const server = await ServerProcess.start({
      name: 'PostgreSQL',
      ...asServerUser(cluster.user, command),
      cwd: dataDir,
      logPath: options.logPath ?? join(dataDir, 'postgres.log'),
      stopSignal: 'SIGINT', // the "fast" shutdown: sessions are ended, then a checkpoint
      stopMsMax: 30_000,
    });
    const url = `postgresql://${POSTGRES_USER}:${cluster.password}@127.0.0.1:${port}/${DATABASE}`;
    const problem = await server
      .whenReady(() => hasDatabase(url), READY_MS_MAX)
      .then(async (found) => found ?? (await keepTimescaleVersion(dataDir, binaries, url)))
      .catch((error: Error) => `started, but rejected a statement that polytape needs: ${error.message}`);
    if (problem === null) return server.embedded(url, port);

    const error = server.failedStart(problem);
    await server.stop();
    const orphans = /pre-existing shared memory block/.test(error.message) && performance.now() < deadline;
    const lostThePort = wanted === 0 && attempt < FREE_PORT_ATTEMPTS && /could not bind|in use\?/i.test(error.message);
    if (!orphans && !lostThePort) throw error;
    await delay(orphans ? 100 : 0);
  }
}

/** Whether a session opens. Creates the database if it is absent. */
async function hasDatabase(url: string): Promise<boolean> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new Client({ connectionString: maintenance.href, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the server may exit while we are connected: `whenReady` notices
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return true;
  } catch (error) {
    if (!isNotYet(error)) throw error;
    return false;
  } finally {
    await client.end().catch(() => {}); // it may never have been connected
  }
}

/** The server is not listening yet, is still starting (57P03), or exited during the attempt. */
function isNotYet(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === undefined || code === '57P03' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE';
}
