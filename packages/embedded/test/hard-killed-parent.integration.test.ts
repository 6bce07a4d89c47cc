import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { prepareNatsServer, preparePostgres, startNatsServer, startPostgres } from '@polytape/embedded';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { CACHE_DIRECTORY } from './cache-directory.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const prepare = { cacheDir: CACHE_DIRECTORY, progress: (sentence: string) => console.error(sentence) };
beforeAll(async () => {
  await Promise.all([prepareNatsServer(prepare), preparePostgres(prepare)]); // then the child finds them in the cache
});

describe('servers whose parent was killed with SIGKILL', () => {
  test('stop by themselves, in order, and restart on the same data and ports', async () => {
    await using directory = await temporaryDirectory();
    const [nats, postgres] = await startAndKillParent(directory.path);

    // Immediately: the new servers must wait until the old ones have exited.
    const binary = await prepareNatsServer(prepare);
    const binaries = await preparePostgres(prepare);
    await using nextNats = await startNatsServer({ binary, dataDir: join(directory.path, 'nats'), port: nats.port });
    await using next = await startPostgres({
      binaries,
      dataDir: join(directory.path, 'postgres'),
      port: postgres.port,
    });
    expect([nextNats.port, next.port]).toEqual([nats.port, postgres.port]);

    await vi.waitFor(async () =>
      expect([await isRunning(nats.pid), await isRunning(postgres.pid)]).toEqual([false, false]),
    );
    expect(await readFile(join(directory.path, 'postgres', 'postgres.log'), 'utf8')).toContain(
      'received fast shutdown request',
    );
    expect(await readFile(join(directory.path, 'nats', 'nats-server.log'), 'utf8')).toContain('Initiating Shutdown');
  });
});

type Started = { pid: number; port: number };

async function startAndKillParent(directory: string): Promise<[Started, Started]> {
  const script = fileURLToPath(new URL('./parent-with-servers.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, CACHE_DIRECTORY, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(parent, 'exit');
  try {
    const [line] = await once(createInterface(parent.stdout), 'line');
    const started = JSON.parse(line) as [Started, Started];
    expect(await Promise.all(started.map(({ pid }) => isRunning(pid)))).toEqual([true, true]);
    return started;
  } finally {
    parent.kill('SIGKILL');
    await exited;
  }
}

/** A zombie does not count as running. */
async function isRunning(pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const state = /^State:\s+(\w)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: there is no such process
  }
}
