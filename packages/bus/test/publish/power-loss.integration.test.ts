import { setTimeout as delay } from 'node:timers/promises';
import { POWER_LOSSES, testNats } from '@polytape/test-servers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Publisher } from '../../src/index.ts';
import { testBus } from '../test-bus.ts';
import { operatorOf } from '../topology/operator.ts';

describe('a publisher whose broker loses power', () => {
  test.for(POWER_LOSSES)('stores every message once when it leaves a %s', async (how, { skip }) => {
    await using broker = await testNats();
    if (broker.losePower === undefined) return skip(NOT_OURS);
    await using made = await testBus(broker.url, { pingMs: 200 });
    await using publisher = made.bus.publisher({ unacknowledgedMax: 1_000, queueMax: 1_000_000 });
    const source = new Source(publisher);
    await until(() => publisher.stats().acknowledged > 2_000);
    const acknowledged = publisher.stats().acknowledged;
    const lost = await broker.losePower(how);
    await until(() => publisher.stats().acknowledged > acknowledged + 2_000);
    source.stop();
    await publisher.idle();
    expect(await storedIds(made.bus, source.count)).toEqual(source.ids());
    // The test is worth nothing if the server lost nothing.
    expect(lost).toBeGreaterThan(1_000);
    expect(publisher.stats().republished).toBeGreaterThan(0);
  });

  test('stores every message once when the only block is gone', async ({ skip }) => {
    await using broker = await testNats();
    if (broker.losePower === undefined) return skip(NOT_OURS);
    await using made = await testBus(broker.url, { pingMs: 200 });
    await using publisher = made.bus.publisher({ unacknowledgedMax: 1_000, queueMax: 1_000_000 });
    for (let n = 0; n < 500; n += 1) publisher.publish(trade(n));
    await publisher.acknowledged();
    await broker.losePower('block gone');
    await publisher.idle();
    expect(await storedIds(made.bus, 500)).toEqual(numbers(500));
    expect(publisher.stats()).toMatchObject({ acknowledged: 500, republished: 500, held: 0 });
  });

  test('settles nothing while the broker does not answer, and everything once it does', async ({ skip }) => {
    await using broker = await testNats();
    const pid = broker.pid?.();
    if (pid === undefined) return skip(NOT_OURS);
    await using made = await testBus(broker.url);
    const times = { holdMs: 300, acknowledgeMsMax: 300 };
    await using publisher = made.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000, ...times });
    publisher.publish(trade(0));
    await publisher.acknowledged();
    process.kill(pid, 'SIGSTOP');
    expect(await publisher.finish({ settleMsMax: 1_000 })).toBe(1);
    await made.log.said(/^NATS does not say whether TRADES still has message 1\. .* is kept until it does/);
    process.kill(pid, 'SIGCONT');
    await publisher.idle();
    expect(await publisher.finish({ settleMsMax: 1_000 })).toBe(0);
    await made.log.said(/^NATS answers about TRADES again/);
    expect(publisher.stats()).toMatchObject({ held: 0, heldBytes: 0, republished: 0 });
  });

  test('stores every message again when the stream was recreated and has grown past them', async () => {
    await using broker = await testNats();
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
    await using broker = await testNats();
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
    await using broker = await testNats();
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

const NOT_OURS = 'the server is not ours to kill';

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
