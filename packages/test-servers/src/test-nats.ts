import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NatsServerBinary, startNatsServer } from '@polytape/embedded';
import { askBroker } from './ask-broker.ts';
import { deleteStreams } from './delete-streams.ts';
import { dockerNats } from './docker-nats.ts';
import { losePower } from './power-loss.ts';
import type { TestNats } from './test-nats-server.ts';

/** Starts a NATS server for the test or, with TEST_NATS_URL, deletes all streams of the given one. */
export async function testNats(): Promise<TestNats> {
  const source = await askBroker('/nats');
  if ('given' in source) return givenNats(source.given);
  return 'docker' in source ? dockerNats() : embeddedNats(source.binary, source.directory);
}

async function embeddedNats(binary: NatsServerBinary, runDirectory: string): Promise<TestNats> {
  const directory = await mkdtemp(join(runDirectory, 'nats-'));
  let server = await startNatsServer({ binary, dataDir: directory });
  const { url, port } = server;
  const start = async () => {
    server = await startNatsServer({ binary, dataDir: directory, port });
  };
  const kill = async () => {
    server.kill();
    await server.exited;
  };
  return {
    url,
    canRestart: true,
    start,
    kill,
    async restart() {
      await server.stop();
      await start();
    },
    async losePower(how) {
      const folder = join(directory, 'jetstream', '$G', 'streams', 'TRADES', 'msgs');
      const lost = await losePower({ folder, kill, how });
      await start();
      return lost;
    },
    pid: () => server.pid,
    async copyData() {
      const copy = await mkdtemp(join(runDirectory, 'nats-copy-'));
      await cp(directory, copy, { recursive: true });
      return async () => {
        await rm(directory, { recursive: true, force: true });
        await rename(copy, directory);
      };
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function givenNats(url: string): Promise<TestNats> {
  await deleteStreams(url);
  const refuse = async () => {
    throw new Error(
      'The NATS server of TEST_NATS_URL must not be stopped: unset it, or skip this test when canRestart is false.',
    );
  };
  return {
    url,
    canRestart: false,
    restart: refuse,
    kill: refuse,
    start: refuse,
    [Symbol.asyncDispose]: async () => {},
  };
}
