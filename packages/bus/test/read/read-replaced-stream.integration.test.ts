import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { type ReadPosition, StreamReplacedError } from '../../src/index.ts';
import { natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { operatorOf } from '../topology/operator.ts';
import { failureOf, publish, read, readAll, sequences } from '../trades-stream.ts';

describe.concurrent('a stream that has become another one', () => {
  test('is noticed when the position lies beyond its end', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const error = await read(made, { sequence: 4 }, 1).catch((caught) => caught);
    expect(error).toBeInstanceOf(StreamReplacedError);
    expect(error).toMatchObject({ stream: 'TRADES', sequence: 4, disposition: 'retry' });
  });

  test('is not suspected when the position is at its very end', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const reading = read(made, { sequence: 3 }, 1);
    await publish(made.bus, 3, 4);
    expect(sequences(await reading)).toEqual([4]);
  });

  test('is noticed when it was recreated while we read it', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    const batches = readAll(made.bus, { rowsMax: 3, ageMsMax: 5_000 });
    await batches.next();
    const failure = failureOf(batches);
    await jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    await publish(made.bus, 0, 10);
    expect(await failure).toBeInstanceOf(StreamReplacedError);
  });

  test('is noticed when it was recreated before we read anything', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    const o = { rowsMax: 3, ageMsMax: 5, signal: made.stop.signal };
    const failure = failureOf(made.bus.readBatches('TRADES', { sequence: 3 }, o));
    while ((await jsm.streams.info('TRADES')).state.consumer_count === 0) await new Promise((go) => setTimeout(go, 5));
    await jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    await publish(made.bus, 0, 10);
    expect(await failure).toBeInstanceOf(StreamReplacedError);
  });

  test('has another streamCreatedAt', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const before = await made.bus.streamState('TRADES');
    expect(before).toMatchObject({ firstSequence: 1, lastSequence: 3 });
    expect((await made.bus.streamState('TRADES')).streamCreatedAt).toBe(before.streamCreatedAt);
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    expect((await made.bus.streamState('TRADES')).streamCreatedAt).not.toBe(before.streamCreatedAt);
  });
});

describe.concurrent('a reader whose stream lost its tail and grew past its position while nobody was connected', () => {
  const replaced = {
    name: 'StreamReplacedError',
    sequence: 6,
    message: expect.stringMatching(/another message/),
  };

  test('fails when it had read the tail', async ({ skip }) => {
    await using stream = await streamWithTail(skip);
    const batches = readAll(stream.reader.bus, { rowsMax: 6, ageMsMax: 5_000 });
    expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([1, 2, 3, 4, 5, 6]);
    const failure = failureOf(batches);
    await stream.replaceTail({ from: 100, to: 110 });
    expect(await failure).toMatchObject(replaced);
  });

  test('fails when it was idle and had read nothing', async ({ skip }) => {
    await using stream = await streamWithTail(skip);
    const failure = stream.failureOfIdleReader(await stream.positionAt(6));
    await stream.replaceTail({ from: 100, to: 110 });
    expect(await failure).toMatchObject(replaced);
  });

  test('fails when the same messages were published again in the same order', async ({ skip }) => {
    await using stream = await streamWithTail(skip);
    const failure = stream.failureOfIdleReader(await stream.positionAt(6));
    await stream.replaceTail({ from: 3, to: 10 });
    expect(await stream.positionAt(6)).toMatchObject({ messageId: 'id-5' });
    expect(await failure).toMatchObject(replaced);
  });
});

describe.concurrent('a reader that knows which message stands at its position', () => {
  test('fails when another one stands there', async ({ skip }) => {
    await using stream = await streamWithTail(skip);
    const position = await stream.positionAt(6);
    for (const other of [{ messageId: 'id-6' }, { messageId: null }, { messageAtMs: position.messageAtMs + 1 }]) {
      expect(await stream.failureOfIdleReader({ ...position, ...other })).toMatchObject({ sequence: 6 });
    }
  });

  test('goes on after a lost connection when it still stands there, and when it has expired', async ({ skip }) => {
    await using stream = await streamWithTail(skip);
    const messages = read(stream.reader, await stream.positionAt(6), 2);
    await stream.isRead();
    stream.way.cut();
    await stream.reader.log.said(/Reconnected/);
    await publish(stream.writer.bus, 6, 7);
    await stream.operator.jsm.streams.purge('TRADES', { seq: 7 });
    stream.way.cut();
    await publish(stream.writer.bus, 7, 8);
    expect(sequences(await messages)).toEqual([7, 8]);
  });
});

/**
 * TRADES with six messages, and a reader whose connection can be muted. `replaceTail` replaces the last three messages and
 * adds more, as a broker does whose disk was restored from an old copy.
 */
async function streamWithTail(skip: (why: string) => void) {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  if (nats.copyData === undefined) skip('the data of this server are not ours to copy');
  const writer = stack.use(await testBus(nats.url));
  const way = stack.use(await natsProxy(nats.url));
  const reader = stack.use(await testBus(way.url));
  const operator = stack.use(await operatorOf(nats.url));
  await publish(writer.bus, 0, 3);
  const restore = await nats.copyData?.();
  await publish(writer.bus, 3, 6);
  const isRead = async () => {
    const consumers = async () => (await operator.jsm.streams.info('TRADES')).state.consumer_count;
    while ((await consumers()) === 0) await new Promise((go) => setTimeout(go, 5));
  };
  const resources = stack.move();
  return {
    ...{ writer, way, reader, operator, isRead },
    async positionAt(sequence: number) {
      const message = await writer.bus.messageAt('TRADES', sequence);
      if (message === null) throw new Error(`there is no message ${sequence}`);
      return { sequence, messageId: message.messageId, messageAtMs: message.storedAtMs };
    },
    failureOfIdleReader(from: ReadPosition) {
      const limits = { rowsMax: 6, ageMsMax: 5, signal: reader.stop.signal };
      return failureOf(reader.bus.readBatches('TRADES', from, limits));
    },
    async replaceTail({ from, to }: { from: number; to: number }) {
      await isRead();
      way.mute();
      await nats.kill();
      await restore?.();
      await nats.start();
      await publish(writer.bus, from, to);
      way.unmute();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
