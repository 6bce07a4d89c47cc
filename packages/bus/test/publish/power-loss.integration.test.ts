import { mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedServer, freePort, startNatsServer } from '@polytape/embedded';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Publisher } from '../../src/index.ts';
import { testBus } from '../test-bus.ts';
import { natsServerProgram } from '../topology/configured-nats.ts';
import { operatorOf } from '../topology/operator.ts';

const binary = await natsServerProgram();

/**
 * A loss of power is simulated: the server is killed, and what it wrote to the newest block of TRADES after its last sync is
 * taken from the file before the server starts again.
 */
describe.skipIf(binary === null)('a publisher whose broker loses power (needs a nats-server of its own)', () => {
  test.for([
    ['is cut off', (block: string, syncedBytes: number) => truncate(block, syncedBytes)],
    ['is full of zeros', zeroAfter],
    ['is cut in the middle of a message', (block: string, syncedBytes: number) => truncate(block, syncedBytes + 100)],
  ] as const)('stores every message once when the unsynced tail %s', async ([, damage], { task }) => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url, { pingMs: 200 });
    await using publisher = made.bus.publisher({ unacknowledgedMax: 1_000, queueMax: 1_000_000 });
    const source = new Source(publisher);
    await until(() => publisher.stats().acknowledged > 2_000);
    const acknowledged = publisher.stats().acknowledged;
    const lost = await broker.losePower(damage);
    await until(() => publisher.stats().acknowledged > acknowledged + 2_000);
    source.stop();
    await publisher.idle();
    expect(await storedIds(made.bus, source.count), task.name).toEqual(source.ids());
    // The test is worth nothing if the server lost nothing.
    expect(lost).toBeGreaterThan(1_000);
    expect(publisher.stats().republished).toBeGreaterThan(0);
  });

  test('stores every message once when the only block is gone', async () => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url, { pingMs: 200 });
    await using publisher = made.bus.publisher({ unacknowledgedMax: 1_000, queueMax: 1_000_000 });
    for (let n = 0; n < 500; n += 1) publisher.publish(trade(n));
    await publisher.acknowledged();
    await broker.losePower((block) => rm(block));
    await publisher.idle();
    expect(await storedIds(made.bus, 500)).toEqual(numbers(500));
    expect(publisher.stats()).toMatchObject({ acknowledged: 500, republished: 500, held: 0 });
  });

  test('settles nothing while the broker does not answer, and everything once it does', async () => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url);
    const times = { holdMs: 300, acknowledgeMsMax: 300 };
    await using publisher = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000, ...times });
    publisher.publish(trade(0));
    await publisher.acknowledged();
    broker.pause();
    expect(await publisher.finish({ settleMsMax: 1_000 })).toBe(1);
    await made.log.said(/^NATS does not say whether TRADES still has message 1\. .* is kept until it does/);
    broker.resume();
    await publisher.idle();
    expect(await publisher.finish({ settleMsMax: 1_000 })).toBe(0);
    await made.log.said(/^NATS answers about TRADES again/);
    expect(publisher.stats()).toMatchObject({ held: 0, heldBytes: 0, republished: 0 });
  });

  test('stores every message again when the stream was recreated and has grown past them', async () => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    for (let n = 0; n < 5; n += 1) publisher.publish(trade(n));
    await publisher.acknowledged();
    await using operator = await operatorOf(broker.url);
    await operator.jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    await using other = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    for (let n = 5; n < 15; n += 1) other.publish(trade(n));
    await other.acknowledged();
    await publisher.idle();
    expect(await storedIds(made.bus, 15)).toEqual(numbers(15));
    expect(publisher.stats()).toMatchObject({ republished: 5, duplicates: 0 });
  });

  test('settles a message that a newer one of its subject, or a purge, has removed', async () => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    publisher.publish({ subject: 'pm.market.0x1', messageId: '0x1:1', body: '{"version":1}' });
    publisher.publish(trade(0));
    await publisher.acknowledged();
    await using other = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    other.publish({ subject: 'pm.market.0x1', messageId: '0x1:2', body: '{"version":2}' });
    await other.acknowledged();
    await using operator = await operatorOf(broker.url);
    await operator.jsm.streams.purge('TRADES');
    await publisher.idle();
    expect(publisher.stats()).toMatchObject({ acknowledged: 2, republished: 0, held: 0 });
  });

  test('sends nothing while it holds as many bytes as it may, and goes on when they are settled', async () => {
    await using broker = await brokerWithoutPower();
    await using made = await testBus(broker.url);
    await using publisher = made.bus.publisher({
      unacknowledgedMax: 10,
      queueMax: 1_000,
      holdMs: 300,
      heldBytesMax: 5_000,
    });
    for (let n = 0; n < 100; n += 1) publisher.publish(trade(n));
    await until(() => publisher.stats().held > 0 && publisher.stats().unacknowledged === 0);
    const { heldBytes, queued } = publisher.stats();
    expect(heldBytes).toBeGreaterThanOrEqual(5_000);
    expect(queued).toBeGreaterThan(70);
    await publisher.idle();
    expect(await storedIds(made.bus, 100)).toEqual(numbers(100));
  });
});

type WeakBroker = AsyncDisposable & {
  url: string;
  /** Kills it, damages its newest block of TRADES and starts it again. @returns Bytes that were not synced. */
  losePower(damage: (block: string, syncedBytes: number) => Promise<void>): Promise<number>;
  pause(): void;
  resume(): void;
};

async function brokerWithoutPower(): Promise<WeakBroker> {
  if (binary === null) throw new Error('there is no nats-server');
  const dataDir = await mkdtemp(join(tmpdir(), 'polytape-test-power-'));
  const port = await freePort();
  const start = () => startNatsServer({ binary, dataDir, port });
  let server: EmbeddedServer = await start();
  const end = async () => {
    server.kill();
    await server.exited;
    await rm(dataDir, { recursive: true, force: true });
  };
  onTestFinished(end); // a test that ran out of time disposes of nothing
  const folder = join(dataDir, 'jetstream', '$G', 'streams', 'TRADES', 'msgs');
  return {
    url: server.url,
    async losePower(damage) {
      const block = join(folder, await newestBlock(folder));
      const sizes: { atMs: number; bytes: number }[] = [];
      const startMs = performance.now();
      // Longer than a sync interval: the server has synced what stood in the file that long before its end.
      while (performance.now() - startMs < SYNCED_WITHIN_MS + 50) {
        sizes.push({ atMs: performance.now(), bytes: (await stat(block)).size });
        await delay(5);
      }
      server.kill();
      await server.exited;
      const endMs = performance.now();
      const synced = sizes.findLast(({ atMs }) => atMs < endMs - SYNCED_WITHIN_MS)?.bytes ?? 0;
      const lost = (await stat(block)).size - synced;
      await damage(block, synced);
      server = await start();
      return lost;
    },
    pause: () => process.kill(server.pid, 'SIGSTOP'),
    resume: () => process.kill(server.pid, 'SIGCONT'),
    [Symbol.asyncDispose]: end,
  };
}

/** Twice the sync interval. */
const SYNCED_WITHIN_MS = 200;

async function newestBlock(folder: string): Promise<string> {
  const blocks = (await readdir(folder)).filter((name) => name.endsWith('.blk'));
  const [newest] = blocks.sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  if (newest === undefined) throw new Error(`no block in ${folder}`);
  return newest;
}

async function zeroAfter(block: string, syncedBytes: number): Promise<void> {
  const { size } = await stat(block);
  await using file = await open(block, 'r+');
  await file.write(Buffer.alloc(size - syncedBytes), 0, size - syncedBytes, syncedBytes);
}

/** Publishes numbered trades until it is stopped. */
class Source {
  count = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(publisher: Publisher) {
    this.#timer = setInterval(() => {
      for (let n = 0; n < 20; n += 1) publisher.publish(trade(this.count++));
    }, 5);
    onTestFinished(() => this.stop());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  ids(): number[] {
    return numbers(this.count);
  }
}

function trade(n: number) {
  return { subject: `pm.trade.0x1.${n % 100}`, messageId: `id-${n}`, body: `{"n":${n}}` };
}

function numbers(count: number): number[] {
  return [...Array(count).keys()];
}

/** The numbers of the first `count` messages of TRADES, in ascending order; one that is stored twice stands twice. */
async function storedIds(bus: Awaited<ReturnType<typeof testBus>>['bus'], count: number): Promise<number[]> {
  const { lastSequence } = await bus.streamState('TRADES');
  expect(lastSequence).toBeGreaterThanOrEqual(count);
  const ids: number[] = [];
  let last = 0;
  const o = { rowsMax: 1_000, ageMsMax: 5, signal: new AbortController().signal };
  for await (const { messages } of bus.readBatches('TRADES', null, o)) {
    for (const { messageId, sequence } of messages) {
      ids.push(Number(messageId?.slice('id-'.length)));
      last = sequence;
    }
    if (last >= lastSequence) break;
  }
  return ids.sort((a, b) => a - b);
}

/** For counters, which nobody announces. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(2);
}
