import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EmbeddedServerError, type NatsServerBinary, prepareNatsServer } from '@polytape/embedded';
import type { TestContext } from 'vitest';

/** A nats-server with a configuration of the test's own, which a given server cannot have. */
export type ConfiguredNats = AsyncDisposable & { host: string; url: string; pid: number; directory: string };

/** The program, or null where there is none to be had: tests that need it are skipped then. */
export async function natsServerProgram(): Promise<NatsServerBinary | null> {
  const cacheDir = join(import.meta.dirname, '..', '..', '..', '..', '.polytape', 'cache');
  try {
    return await prepareNatsServer({ cacheDir, progress: () => {}, binary: process.env.NATS_SERVER_BIN });
  } catch (error) {
    if (error instanceof EmbeddedServerError) return null;
    throw error;
  }
}

/**
 * @param onTestFinished Of the test's context: a test that ran out of time disposes of nothing.
 * @param o.configuration The server's configuration file but for address and store; `jetstream` adds a store.
 * @param o.storeBytesMax What JetStream may keep on disk; by default a share of the disk's free space.
 * @param o.directory Where the store is; by default a new one. Removed with the server.
 */
export async function configuredNats(
  binary: NatsServerBinary,
  onTestFinished: TestContext['onTestFinished'],
  o: { configuration?: string; jetstream: boolean; directory?: string; storeBytesMax?: number },
): Promise<ConfiguredNats> {
  const directory = o.directory ?? (await mkdtemp(join(tmpdir(), 'polytape-test-nats-')));
  const limit = o.storeBytesMax === undefined ? '' : `, max_file_store: ${o.storeBytesMax}`;
  const store = o.jetstream
    ? `jetstream { store_dir: ${JSON.stringify(directory)}, sync_interval: 100ms${limit} }\n`
    : '';
  await writeFile(join(directory, 'nats.conf'), `listen: "127.0.0.1:-1"\n${store}${o.configuration ?? ''}`);
  const server = spawn(binary.path, ['--config', join(directory, 'nats.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(server, 'exit');
  const end = async () => {
    server.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  onTestFinished(end);
  const lines: string[] = [];
  let host = '';
  for await (const line of createInterface(server.stderr)) {
    lines.push(line);
    host = /Listening for client connections on (\S+)/.exec(line)?.[1] ?? host;
    if (/Server is ready/.test(line)) break;
  }
  server.stderr.resume();
  if (server.exitCode !== null || host === '' || server.pid === undefined) {
    throw new Error(`nats-server did not start:\n${lines.join('\n')}`);
  }
  return {
    host,
    url: `nats://${host}`,
    pid: server.pid,
    directory,
    [Symbol.asyncDispose]: end,
  };
}
