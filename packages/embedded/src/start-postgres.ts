import { randomBytes } from 'node:crypto';
import { access, chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { directoryError } from './directory-error.ts';
import type { EmbeddedServer } from './embedded-server.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { freePort, requirePortFree } from './free-port.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { runCommand } from './run-command.ts';
import { ServerProcess } from './server-process.ts';
import { type ServerUser, serverUserFor } from './server-user.ts';

const USER = 'polytape';
const DATABASE = 'polytape';
const READY_MS_MAX = 60_000;
const POLL_MS = 15;
/** How long the backends of a killed server may take to notice and let its shared memory go. */
const ORPHANS_MS_MAX = 20_000;
const FREE_PORT_ATTEMPTS = 5;

/** For a laptop that has other things to do. Durability is PostgreSQL's default: fsync and synchronous_commit are on. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_compression: 'on',
  // Compiling a query takes longer than running it here.
  jit: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] %q%a@%d ',
};

/** A worker per database with the extension, besides PostgreSQL's own. */
const TIMESCALE_SETTINGS: Record<string, string> = {
  shared_preload_libraries: 'timescaledb',
  'timescaledb.telemetry_level': 'off',
  'timescaledb.max_background_workers': '16',
  max_worker_processes: '32',
};

/**
 * Starts PostgreSQL on 127.0.0.1 with a superuser `polytape`, a generated password, and a database `polytape`; creates the cluster
 * when `dataDir` is empty. `url` holds all three. Works on what a killed server left behind. Run by root, the
 * server runs as the directory's owner, or as nobody (PostgreSQL refuses root).
 *
 * @throws {EmbeddedServerError} `port-taken`, `directory`, `in-use` or `start-failed`.
 */
export async function startPostgres(options: {
  binaries: PostgresBinaries;
  /** Created when absent. Holds `pgdata`, `password` and, unless `logPath` says otherwise, `postgres.log`. */
  dataDir: string;
  /** Default, and 0: a free one. */
  port?: number | undefined;
  logPath?: string | undefined;
  /** PostgreSQL settings that go before the defaults here. */
  settings?: Record<string, string> | undefined;
}): Promise<EmbeddedServer> {
  const { binaries } = options;
  const dataDir = resolve(options.dataDir);
  const logPath = options.logPath ?? join(dataDir, 'postgres.log');
  const wanted = options.port ?? 0;
  if (wanted > 0) await requirePortFree(wanted, 'PostgreSQL');
  const user = await serverUserFor(dataDir).catch((error: unknown) => {
    throw directoryError('PostgreSQL', dataDir, error);
  });
  const password = await createCluster(binaries, dataDir, user);

  const deadline = performance.now() + ORPHANS_MS_MAX;
  for (let attempt = 1; ; attempt++) {
    const port = wanted > 0 ? wanted : await freePort();
    const server = await ServerProcess.start({
      name: 'PostgreSQL',
      ...command(binaries, join(dataDir, 'pgdata'), port, options.settings ?? {}),
      cwd: dataDir,
      ...(user ?? {}),
      logPath,
      stopSignal: 'SIGINT', // the "fast" shutdown: sessions are ended, then a checkpoint
      stopMsMax: 30_000,
    });
    const url = `postgresql://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
    if (await ready(server, url)) return embedded(server, url, port);

    const ended = !server.running;
    const error = server.failedStart(
      ended ? 'ended during its start' : `was not ready within ${READY_MS_MAX / 1000} s`,
    );
    await server.stop();
    const orphans = /pre-existing shared memory block/.test(error.message);
    const lostThePort = wanted === 0 && /could not bind|Address already in use/.test(error.message);
    if (orphans && performance.now() < deadline) await delay(100);
    else if (!lostThePort || attempt >= FREE_PORT_ATTEMPTS) throw error;
  }
}

/** Made aside and renamed, so that a cluster is whole or absent. */
async function createCluster(binaries: PostgresBinaries, dataDir: string, user: ServerUser): Promise<string> {
  const pgdata = join(dataDir, 'pgdata');
  const passwordFile = join(dataDir, 'password');
  try {
    await access(join(pgdata, 'PG_VERSION'));
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw directoryError('PostgreSQL', dataDir, error);
  }
  const making = join(dataDir, 'pgdata.new');
  const password = randomBytes(18).toString('base64url');
  try {
    await rm(making, { recursive: true, force: true });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user !== null) await chown(passwordFile, user.uid, user.gid);
  } catch (error) {
    throw directoryError('PostgreSQL', dataDir, error);
  }
  // The built-in provider sorts by code point on every platform and depends on no C library's version.
  const args = ['--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8'];
  args.push('--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-instructions');
  try {
    await runCommand(binaries.initdb, ['-D', making, ...args], { cwd: dataDir, ...(user ?? {}), timeoutMs: 120_000 });
    await rename(making, pgdata);
  } catch (error) {
    throw new EmbeddedServerError(
      'start-failed',
      `PostgreSQL could not create its files in ${dataDir}: ${(error as Error).message}`,
      'Mend the cause named above, or choose another directory (POLYTAPE_DATA_DIR).',
      { cause: error },
    );
  }
  return password;
}

function command(
  binaries: PostgresBinaries,
  pgdata: string,
  port: number,
  chosen: Record<string, string>,
): { program: string; args: string[] } {
  const { timescale } = binaries;
  const settings: Record<string, string> = { ...SETTINGS, port: String(port) };
  if (timescale !== null) {
    Object.assign(settings, TIMESCALE_SETTINGS, {
      dynamic_library_path: `$libdir:${timescale.moduleDir}`,
      extension_control_path: `$system:${timescale.shareDir}`,
    });
  }
  Object.assign(settings, chosen);
  const args = ['-D', pgdata, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  if (timescale === null) return { program: binaries.postgres, args };
  return { program: timescale.loader, args: ['--library-path', timescale.libraryDir, binaries.postgres, ...args] };
}

/** Ready is when a session opens; the database is created here when it is absent. */
async function ready(server: ServerProcess, url: string): Promise<boolean> {
  const deadline = performance.now() + READY_MS_MAX;
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  while (server.running && performance.now() < deadline) {
    const client = new Client({ connectionString: maintenance.href, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {}); // the server may end while we are connected: the loop sees it
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
      return true;
    } catch (error) {
      if (!isNotYet(error)) throw error;
    } finally {
      await client.end().catch(() => {}); // it may never have been connected
    }
    await Promise.race([server.exited, delay(POLL_MS)]);
  }
  return false;
}

/** Nobody listens yet, the server says that it is starting (57P03), or it went away while we asked. */
function isNotYet(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === undefined || code === '57P03' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE';
}

function embedded(server: ServerProcess, url: string, port: number): EmbeddedServer {
  return {
    url,
    pid: server.pid,
    port,
    exited: server.exited,
    stop: () => server.stop(),
    kill: () => server.signal('SIGKILL'),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
