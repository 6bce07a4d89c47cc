import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EmbeddedServer, EmbeddedServerError, preparePostgres, startPostgres } from '@polytape/embedded';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { CACHE_DIRECTORY } from '../cache-directory.ts';
import { listener } from '../listener.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

let binaries: Awaited<ReturnType<typeof preparePostgres>>;
beforeAll(async () => {
  binaries = await preparePostgres({ cacheDir: CACHE_DIRECTORY, progress: (sentence) => console.error(sentence) });
});

async function query(server: EmbeddedServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('an embedded PostgreSQL that runs', () => {
  let server: EmbeddedServer;
  beforeAll(async () => {
    const directory = await temporaryDirectory();
    server = await startPostgres({ binaries, dataDir: directory.path });
    return async () => {
      await server.stop();
      await directory[Symbol.asyncDispose]();
    };
  });

  test('offers its own database, listens on loopback only, and commits to disk', async () => {
    expect(new URL(server.url).pathname).toBe('/polytape');
    const [row] = await query(
      server,
      `SELECT current_database() AS database, current_setting('listen_addresses') AS addresses, pg_encoding_to_char(encoding) AS encoding,
         current_setting('unix_socket_directories') AS sockets, current_setting('fsync') || current_setting('synchronous_commit') AS durable
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      database: 'polytape',
      addresses: '127.0.0.1',
      encoding: 'UTF8',
      sockets: '',
      durable: 'onon',
    });
  });

  test('rejects clients without its password', async () => {
    const url = new URL(server.url);
    url.password = 'guessed';
    await expect(query({ ...server, url: url.href }, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('has TimescaleDB if the binaries include it', async () => {
    const found = await query(
      server,
      "SELECT default_version AS version FROM pg_available_extensions WHERE name = 'timescaledb'",
    );
    expect(found).toEqual(binaries.timescale === null ? [] : [{ version: binaries.timescale.version }]);
    if (binaries.timescale === null) return;
    await query(server, 'CREATE EXTENSION timescaledb');
    await query(server, 'CREATE TABLE ticks (ts timestamptz NOT NULL)');
    expect(await query(server, "SELECT (create_hypertable('ticks', by_range('ts'))).created")).toEqual([
      { created: true },
    ]);
  });
});

describe('an embedded PostgreSQL that has run before', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    const server = await startPostgres({ binaries, dataDir: directory.path });
    await server.stop();
    return () => directory[Symbol.asyncDispose]();
  });

  test('keeps its data, its port and its password over kill -9', async () => {
    const first = await startPostgres({ binaries, dataDir: directory.path });
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    first.kill();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    await using second = await startPostgres({ binaries, dataDir: directory.path, port: first.port });
    expect(second.url).toBe(first.url);
    expect(await query(second, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('starts even if its lock file names an unrelated process', async () => {
    const first = await startPostgres({ binaries, dataDir: directory.path });
    first.kill();
    await first.exited;
    const lockFile = join(directory.path, 'pgdata', 'postmaster.pid');
    const lines = (await readFile(lockFile, 'utf8')).split('\n');
    // PostgreSQL itself ignores processes of other users.
    using stranger = strangerOf((await stat(lockFile)).uid);
    await writeFile(lockFile, [stranger.pid, ...lines.slice(1)].join('\n'));

    await using second = await startPostgres({ binaries, dataDir: directory.path });
    expect(await query(second, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('stops in order while a session is open', async () => {
    const server = await startPostgres({ binaries, dataDir: directory.path });
    const client = new Client({ connectionString: server.url });
    client.on('error', () => {}); // the session is ended on purpose
    await client.connect();
    await server.stop();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    await client.end();
  });

  test('names a port that is taken', async () => {
    await using taken = await listener();
    await expect(startPostgres({ binaries, dataDir: directory.path, port: taken.port })).rejects.toMatchObject({
      name: 'EmbeddedServerError',
      reason: 'port-taken',
      message: expect.stringContaining(`Port ${taken.port} `),
    });
  });

  test('reports the tail of its log when it cannot start', async () => {
    const settings = { work_mem: 'plenty' };
    await expect(startPostgres({ binaries, dataDir: directory.path, settings })).rejects.toMatchObject({
      reason: 'start-failed',
      message: expect.stringMatching(/exited during its start.*invalid value for parameter "work_mem"/s),
    });
  });

  test('refuses to start without TimescaleDB on data that was used with it', async ({ skip }) => {
    if (binaries.timescale === null) skip('this machine has no TimescaleDB');
    await expect(
      startPostgres({ binaries: { ...binaries, timescale: null }, dataDir: directory.path }),
    ).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('TimescaleDB'),
    });
  });
});

describe('an embedded PostgreSQL on a new directory', () => {
  test('is created again after an interrupted first start', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'pgdata.new'));
    await writeFile(join(directory.path, 'pgdata.new', 'PG_VERSION'), '18\n');
    await using server = await startPostgres({ binaries, dataDir: directory.path });
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('names a data directory that is not writable, in one line', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    const dataDir = join(directory.path, 'file', 'data');
    const error = await startPostgres({ binaries, dataDir }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(EmbeddedServerError);
    expect(error).toMatchObject({ reason: 'directory', message: expect.stringContaining(dataDir) });
    expect((error as Error).message).not.toContain('\n');
  });
});

describe.skipIf(process.getuid?.() !== 0)('an embedded PostgreSQL started by root (skipped for other users)', () => {
  test('runs as nobody', async () => {
    await using directory = await temporaryDirectory();
    await using server = await startPostgres({ binaries, dataDir: directory.path });
    expect(await statusOf(server)).toMatchObject({ Uid: '65534' });
  });

  test('runs below a directory that only root may enter, with that one capability', async () => {
    await using directory = await temporaryDirectory({ closed: true });
    // As in a checkout below root's home: the programs are inside the closed directory, too.
    const native = join(directory.path, 'native');
    await cp(dirname(dirname(binaries.postgres)), native, { recursive: true, verbatimSymlinks: true });
    const copied = { ...binaries, initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
    await using server = await startPostgres({ binaries: copied, dataDir: join(directory.path, 'data') });
    const { Uid, CapEff = '' } = await statusOf(server);
    expect(Uid).toBe('65534');
    // CAP_DAC_READ_SEARCH, or CAP_DAC_OVERRIDE where root itself has no more.
    expect([0x4n, 0x2n]).toContain(BigInt(`0x${CapEff}`));
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

function strangerOf(uid: number): Disposable & { pid: number | undefined } {
  const child = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid, gid: uid } : {});
  return { pid: child.pid, [Symbol.dispose]: () => child.kill('SIGKILL') };
}

async function statusOf(server: EmbeddedServer): Promise<Record<string, string>> {
  const lines = (await readFile(`/proc/${server.pid}/status`, 'utf8')).split('\n');
  return Object.fromEntries(
    lines.map((line) => line.split(/\s+/)).map(([name = '', value = '']) => [name.replace(':', ''), value]),
  );
}
