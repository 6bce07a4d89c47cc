import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { EmbeddedServerError, prepareNatsServer, startNatsServer } from '@polytape/embedded';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { waitForPredecessor } from '../../src/predecessor.ts';
import { CACHE_DIRECTORY } from '../cache-directory.ts';
import { listener } from '../listener.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

let binary: Awaited<ReturnType<typeof prepareNatsServer>>;
beforeAll(async () => {
  binary = await prepareNatsServer({ cacheDir: CACHE_DIRECTORY, progress: (sentence) => console.error(sentence) });
});

async function session(url: string): Promise<AsyncDisposable & { connection: NatsConnection }> {
  const { host, username, password } = new URL(url);
  const connection = await connect({ servers: host, user: username, pass: password, reconnect: false });
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}

describe('an embedded nats-server', () => {
  test('has JetStream from the first connection on, and accepts 8 MB', async () => {
    await using directory = await temporaryDirectory();
    await using server = await startNatsServer({ binary, dataDir: directory.path });
    await using client = await session(server.url);
    expect((await jetstreamManager(client.connection)).getOptions()).toBeDefined();
    expect(client.connection.info).toMatchObject({
      host: '127.0.0.1',
      port: server.port,
      max_payload: 8 * 1024 * 1024,
      jetstream: true,
    });
  });

  test('syncs what it has acknowledged every 100 ms', async () => {
    await using directory = await temporaryDirectory();
    await using _server = await startNatsServer({ binary, dataDir: directory.path });
    expect(await readFile(join(directory.path, 'nats.conf'), 'utf8')).toContain('sync_interval: 100ms');
  });

  test('still has every acknowledged message after kill -9, at the same address', async () => {
    await using directory = await temporaryDirectory();
    const first = await startNatsServer({ binary, dataDir: directory.path });
    {
      await using client = await session(first.url);
      await (await jetstreamManager(client.connection)).streams.add({ name: 'KEPT', subjects: ['kept'] });
      for (let i = 1; i <= 20; i++) await jetstream(client.connection).publish('kept', `${i}`);
    }
    first.kill();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });

    await using second = await startNatsServer({ binary, dataDir: directory.path, port: first.port });
    expect(second.url).toBe(first.url);
    await using client = await session(second.url);
    const { state } = await (await jetstreamManager(client.connection)).streams.info('KEPT');
    expect(state.messages).toBe(20);
  });

  test('rejects clients without its password', async () => {
    await using directory = await temporaryDirectory();
    await using server = await startNatsServer({ binary, dataDir: directory.path });
    const servers = new URL(server.url).host;
    await expect(connect({ servers, reconnect: false })).rejects.toThrow(AuthorizationError);
    const guessed = { user: 'polytape', pass: 'guessed' };
    await expect(connect({ servers, ...guessed, reconnect: false })).rejects.toThrow(AuthorizationError);
  });

  test('hides its password from other local users', async () => {
    await using directory = await temporaryDirectory();
    await using _server = await startNatsServer({ binary, dataDir: directory.path });
    for (const file of ['password', 'nats.conf']) {
      expect((await stat(join(directory.path, file))).mode & 0o777).toBe(0o600);
    }
  });

  test('adds a password to a data directory that has none, and keeps its streams', async () => {
    await using directory = await temporaryDirectory();
    {
      await using server = await startNatsServer({ binary, dataDir: directory.path });
      await using client = await session(server.url);
      await (await jetstreamManager(client.connection)).streams.add({ name: 'KEPT', subjects: ['kept'] });
    }
    await rm(join(directory.path, 'password'));
    await chmod(join(directory.path, 'nats.conf'), 0o644);

    await using server = await startNatsServer({ binary, dataDir: directory.path });
    expect((await stat(join(directory.path, 'nats.conf'))).mode & 0o777).toBe(0o600);
    await using client = await session(server.url);
    expect(await (await jetstreamManager(client.connection)).streams.names().next()).toEqual(['KEPT']);
  });

  test('writes its log to the given path', async () => {
    await using directory = await temporaryDirectory();
    const logPath = join(directory.path, 'logs', 'nats.log');
    await using _server = await startNatsServer({ binary, dataDir: join(directory.path, 'nats'), logPath });
    expect(await readFile(logPath, 'utf8')).toContain('Server is ready');
  });

  test('stops in order, and can be stopped twice', async () => {
    await using directory = await temporaryDirectory();
    const server = await startNatsServer({ binary, dataDir: directory.path });
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect((await server.exited).signal).toBeNull();
  });

  test('names a port that is taken', async () => {
    await using directory = await temporaryDirectory();
    await using taken = await listener();
    await expect(startNatsServer({ binary, dataDir: directory.path, port: taken.port })).rejects.toMatchObject({
      reason: 'port-taken',
      message: expect.stringContaining(`Port ${taken.port} `),
    });
  });

  test('names a data directory that is not writable, in one line', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    const dataDir = join(directory.path, 'file', 'data');
    const error = await startNatsServer({ binary, dataDir }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(EmbeddedServerError);
    expect(error).toMatchObject({ reason: 'directory', message: expect.stringContaining(dataDir) });
    expect((error as Error).message).not.toContain('\n');
  });

  test('reports the tail of its log when it cannot start', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'jetstream'), 'a file where the streams should lie');
    await expect(startNatsServer({ binary, dataDir: directory.path })).rejects.toMatchObject({
      reason: 'start-failed',
      message: expect.stringMatching(/exited during its start.*JetStream/s),
    });
  });

  describe.skipIf(process.platform !== 'linux')('while another uses the same data (Linux only)', () => {
    test('starts only after that one has exited', async () => {
      await using directory = await temporaryDirectory();
      await using first = await startNatsServer({ binary, dataDir: directory.path });
      const second = startNatsServer({ binary, dataDir: directory.path });
      // Nothing happens while it waits, so there is no event to await.
      expect(await Promise.race([second.then(() => 'started'), delay(500, 'waits')])).toBe('waits');
      first.kill();
      await using server = await second;
      await using client = await session(server.url);
      expect(client.connection.info?.port).toBe(server.port);
    });

    test('names the process if it does not exit', async () => {
      await using directory = await temporaryDirectory();
      await using server = await startNatsServer({ binary, dataDir: directory.path });
      const place = { server: 'nats-server', directory: directory.path, word: 'nats.conf' };
      await expect(waitForPredecessor({ ...place, msMax: 100 })).rejects.toMatchObject({
        reason: 'in-use',
        message: expect.stringContaining(`process ${server.pid}`),
      });
    });
  });
});

describe('finding nats-server', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const progress = () => {};

  test('uses the given binary', async () => {
    await using empty = await temporaryDirectory();
    expect(await prepareNatsServer({ cacheDir: empty.path, progress, binary: binary.path })).toEqual(binary);
  });

  test.each([
    ['is not there', '/nonexistent/nats-server', 'cannot be run'],
    ['is another program', process.execPath, 'is not a nats-server'],
  ])('rejects a given one that %s, and names the setting', async (_, given, words) => {
    await expect(prepareNatsServer({ cacheDir: CACHE_DIRECTORY, progress, binary: given })).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining(words),
      operatorAction: expect.stringContaining('NATS_SERVER_BIN'),
    });
  });

  test('uses the one on PATH if it is new enough, and ignores an old one', async () => {
    await using directory = await temporaryDirectory();
    for (const version of ['2.9.10', '2.12.0']) {
      await mkdir(join(directory.path, version));
      const script = `#!/bin/sh\necho 'nats-server: v${version}'\n`;
      await writeFile(join(directory.path, version, 'nats-server'), script, { mode: 0o755 });
    }
    vi.stubEnv('PATH', `${join(directory.path, '2.12.0')}:/usr/bin:/bin`);
    const found = await prepareNatsServer({ cacheDir: CACHE_DIRECTORY, progress });
    expect(found).toEqual({ path: 'nats-server', version: '2.12.0' });

    vi.stubEnv('PATH', join(directory.path, '2.9.10'));
    await expect(prepareNatsServer({ cacheDir: directory.path, progress })).rejects.toThrow('2.12 or newer');
  });

  test('says how to install it if there is none', async () => {
    await using empty = await temporaryDirectory();
    vi.stubEnv('PATH', empty.path);
    await expect(prepareNatsServer({ cacheDir: empty.path, progress })).rejects.toMatchObject({
      reason: 'unavailable',
      operatorAction: expect.stringMatching(/brew install nats-server.*NATS_SERVER_BIN.*Docker/s),
    });
  });
});
