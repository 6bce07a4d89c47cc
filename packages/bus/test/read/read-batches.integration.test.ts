import { headers } from '@nats-io/transport-node';
import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import type { StreamMessage } from '../../src/index.ts';
import { BusUnavailableError } from '../../src/index.ts';
import { DELIVERED, natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { operatorOf } from '../topology/operator.ts';
import {
  deliveredOf,
  failureOf,
  numbers,
  publish,
  read,
  readAll,
  readUntil,
  sequences,
  trade,
} from '../trades-stream.ts';

describe.concurrent('reading in batches', () => {
  test('begins at the start without a position, and after the position with one', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 10);
    expect(sequences(await read(made, null, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(sequences(await read(made, { sequence: 7 }, 3))).toEqual([8, 9, 10]);
  });

  test('returns each message as it was published', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 1);
    const [message] = await read(made, null, 1);
    const same = await made.bus.messageAt('TRADES', 1);
    for (const one of [message, same]) {
      expect(one).toMatchObject({ sequence: 1, subject: 'pm.trade.0x1.0', messageId: 'id-0' });
      expect(one?.header('Pm-Connection')).toBe('c-0');
      expect(one?.header('Pm-Shard')).toBeNull();
      expect(new TextDecoder().decode(one?.body)).toBe('{"n":0}');
    }
    expect(same?.storedAtMs).toBe(message?.storedAtMs);
  });

  test('finds the headers of any message: without them, with a body that looks like them, on any subject', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using operator = await operatorOf(nats.url);
    const lookalike = 'NATS/1.0\r\nPm-Connection: body\r\n\r\n';
    const long = 'x'.repeat(200_000); // arrives in more than one piece
    for (const [at, body] of ['', '{}', lookalike, long].entries()) {
      const some = headers();
      some.append('Pm-Shard', 'shard-1 Pm-Connection: no');
      some.append('Pm-Connection', ` c-${at} \u00e9 `);
      some.append('Pm-Connection', 'second');
      operator.nats.publish(`pm.trade.\u00e9.${at}`, body, { headers: some });
      operator.nats.publish(`pm.trade.0x1.${at}`, body);
    }
    const messages = await read(made, null, 8);
    expect(messages.map((message) => message.header('Pm-Connection'))).toEqual(
      [0, 1, 2, 3].flatMap((at) => [`c-${at} \u00e9`, null]),
    );
    expect(messages.map((message) => message.header('Pm-Shard'))).toEqual(
      [0, 1, 2, 3].flatMap(() => ['shard-1 Pm-Connection: no', null]),
    );
    expect(messages.map((message) => message.body.length)).toEqual(
      ['', '{}', lookalike, long].flatMap((body) => [body.length, body.length]),
    );
  });

  test('reports with each batch how many messages follow it, even when the last ones were deleted', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 10);
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.deleteMessage('TRADES', 10);
    expect(await made.bus.streamState('TRADES')).toMatchObject({ lastSequence: 10, messages: 9 });
    const batches = await readUntil(made, null, 9, { rowsMax: 4, ageMsMax: 300 });
    expect(batches.map(({ pending }) => pending)).toEqual([5, 1, 0]);
  });

  test('returns only the last message of each subject on request', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 10, queueMax: 10 });
    for (const [at, subject] of ['pm.trade.0x1.1', 'pm.trade.0x1.2', 'pm.trade.0x2.1', 'pm.trade.0x1.2'].entries()) {
      publisher.publish({ subject, messageId: `${at}`, body: '{}' });
    }
    await publisher.acknowledged();
    const limits = { rowsMax: 10, ageMsMax: 5, signal: made.stop.signal };
    const batches = made.bus.readBatches('TRADES', null, { ...limits, lastOfEach: 'pm.trade.0x1.*' });
    const read = [];
    for await (const { messages, pending } of batches) {
      read.push(...messages);
      if (pending === 0) break;
    }
    expect(sequences(read)).toEqual([1, 4]);
  });

  test('hands out a batch at its limit of rows', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 10);
    const batches = await readUntil(made, null, 10, { rowsMax: 4, ageMsMax: 300 });
    expect(batches.map(({ messages }) => messages.length)).toEqual([4, 4, 2]);
  });

  test('hands out a single message when nothing follows', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const batches = made.bus.readBatches('TRADES', null, { rowsMax: 100, ageMsMax: 10, signal: made.stop.signal });
    for (let n = 0; n < 3; n += 1) {
      const next = batches.next();
      await publish(made.bus, n, n + 1);
      expect((await next).value?.messages.map(({ sequence }) => sequence)).toEqual([n + 1]);
    }
    await batches.return();
  });

  test('hands out a heavy batch before it has all its rows', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 60, 'x'.repeat(1_000));
    const batches = await readUntil(made, null, 60, { rowsMax: 1_000, ageMsMax: 100, bytesMax: 10_000 });
    expect(batches.length).toBeGreaterThan(2);
    for (const { messages } of batches) expect(messages.length).toBeLessThanOrEqual(20);
    expect(sequences(batches.flatMap(({ messages }) => messages))).toEqual(numbers(1, 61));
  });

  test('hands out a message that is heavier than a whole batch', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 2);
    await publish(made.bus, 2, 4, 'x'.repeat(50_000));
    await publish(made.bus, 4, 6);
    const batches = await readUntil(made, null, 6, { rowsMax: 1_000, ageMsMax: 100, bytesMax: 10_000 });
    expect(sequences(batches.flatMap(({ messages }) => messages))).toEqual(numbers(1, 7));
  });

  test('fills one more batch while the caller works on one', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 100);
    const batches = made.bus.readBatches('TRADES', null, { rowsMax: 10, ageMsMax: 5_000, signal: made.stop.signal });
    await batches.next();
    await using consumers = await deliveredOf(nats.url);
    while ((await consumers.delivered()) !== 20) await new Promise((resolve) => setTimeout(resolve, 5));
    await publish(made.bus, 100, 200);
    expect(await consumers.delivered()).toBe(20);
    expect((await batches.next()).value?.messages).toHaveLength(10);
    await batches.return();
  });

  test('fills that batch no further than its limit of bytes', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 100, 'x'.repeat(1_000));
    const o = { rowsMax: 1_000, ageMsMax: 5, bytesMax: 10_000, signal: made.stop.signal };
    const batches = made.bus.readBatches('TRADES', null, o);
    const first = (await batches.next()).value?.messages.length ?? 0;
    await using consumers = await deliveredOf(nats.url);
    while ((await consumers.delivered()) < first + 10) await new Promise((resolve) => setTimeout(resolve, 5));
    await publish(made.bus, 100, 200);
    expect(await consumers.delivered()).toBeLessThanOrEqual(first + 20);
    await batches.return();
  });

  test('skips messages that the stream no longer has', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 1, queueMax: 100 });
    for (const [at, id] of ['0xa', '0xb', '0xa', '0xc', '0xa'].entries()) {
      publisher.publish({ subject: `pm.market.${id}`, messageId: `m${at}`, body: '{}' });
    }
    await publisher.acknowledged();
    const batches = made.bus.readBatches('MARKETS', null, { rowsMax: 3, ageMsMax: 5_000, signal: made.stop.signal });
    const messages = (await batches.next()).value?.messages ?? [];
    expect(sequences(messages)).toEqual([2, 4, 5]);
    expect(messages.map(({ subject }) => subject)).toEqual(['pm.market.0xb', 'pm.market.0xc', 'pm.market.0xa']);
    await batches.return();
  });

  test('ends when the signal aborts, even while it waits, and leaves unread messages in the stream', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 5);
    const stop = new AbortController();
    const batches = made.bus.readBatches('TRADES', null, { rowsMax: 3, ageMsMax: 60_000, signal: stop.signal });
    expect((await batches.next()).value?.messages).toHaveLength(3);
    const next = batches.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(sequences(await read(made, { sequence: 3 }, 2))).toEqual([4, 5]);
  });

  test('deletes its consumer at the end', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 5);
    await read(made, null, 5);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    while ((await jsm.streams.info('TRADES')).state.consumer_count > 0) await new Promise((go) => setTimeout(go, 5));
  });

  test('waits for a stream that does not exist yet', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    const reading = read(made, null, 1);
    await made.log.said(/^Cannot read TRADES/);
    await made.bus.reconcile(made.stop.signal);
    await publish(made.bus, 0, 1);
    expect(sequences(await reading)).toEqual([1]);
    await made.log.said(/Reading TRADES again/);
  });

  test('ends with the connection', async () => {
    await using nats = await testNats();
    const made = await testBus(nats.url);
    const failure = failureOf(readAll(made.bus, { rowsMax: 1, ageMsMax: 5 }));
    await made[Symbol.asyncDispose]();
    expect(await failure).toBeInstanceOf(BusUnavailableError);
    expect(await failure).toMatchObject({ message: 'the connection to NATS is closed' });
  });
});

describe.concurrent('reading skips and repeats nothing', () => {
  test('when the server is killed while others publish', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 200, queueMax: 100_000 });
    let taken = 0;
    const source = setInterval(() => {
      for (let n = 0; n < 5; n += 1) publisher.publish(trade(taken++));
    }, 5);
    const seen: StreamMessage[] = [];
    const enough = Promise.withResolvers<void>();
    const stop = new AbortController();
    const reading = (async () => {
      const o = { rowsMax: 100, ageMsMax: 10, signal: stop.signal };
      for await (const { messages } of made.bus.readBatches('TRADES', null, o)) {
        seen.push(...messages);
        if (seen.length >= 600) enough.resolve();
      }
    })();
    try {
      for (let round = 1; round <= 3; round += 1) {
        const before = seen.length;
        while (seen.length < before + 150) await new Promise((resolve) => setTimeout(resolve, 2));
        await nats.kill();
        await nats.start();
      }
      await enough.promise;
    } finally {
      clearInterval(source);
    }
    await publisher.acknowledged();
    while (seen.length < taken) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await reading;
    expect(sequences(seen)).toEqual(numbers(1, taken + 1));
    expect(new Set(seen.map(({ messageId }) => messageId)).size).toBe(taken);
    const reopenings = made.log.entries.filter(({ sentence }) => sentence.startsWith('Opening another session'));
    expect(reopenings.length).toBeGreaterThanOrEqual(3);
  });

  test('when connections are cut', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using writer = await testBus(nats.url);
    await using reader = await testBus(way.url);
    let cuts = 0;
    const seen: StreamMessage[] = [];
    const publishing = publish(writer.bus, 0, 3_000);
    for await (const { messages } of readAll(reader.bus, { rowsMax: 50, ageMsMax: 5 })) {
      seen.push(...messages);
      if (seen.length > (cuts + 1) * 700 && cuts < 3) {
        cuts += 1;
        way.cut();
      }
      if (seen.length >= 3_000) break;
    }
    await publishing;
    expect(cuts).toBe(3);
    const lost = reader.log.entries.filter(
      ({ fields }) => 'reason' in fields && fields.reason === 'the connection was lost',
    );
    expect(lost).toHaveLength(3);
    expect(sequences(seen)).toEqual(numbers(1, 3_001));
  });

  test('when messages are lost on the way, in the middle or at the end', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using writer = await testBus(nats.url);
    await using reader = await testBus(way.url);
    const batches = readAll(reader.bus, { rowsMax: 10, ageMsMax: 5 });
    const seen: number[] = [];
    const readTo = async (count: number) => {
      while (seen.length < count) seen.push(...sequences((await batches.next()).value?.messages ?? []));
    };
    await publish(writer.bus, 0, 5);
    await readTo(5);
    way.swallow(1, DELIVERED);
    await publish(writer.bus, 5, 20);
    await readTo(20);
    way.swallow(1, DELIVERED);
    await publish(writer.bus, 20, 21);
    await readTo(21);
    await batches.return(undefined);
    expect(seen).toEqual(numbers(1, 22));
    const reasons = reader.log.entries.filter(({ sentence }) => sentence === 'Opening another session to read.');
    expect(reasons.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ reason: 'expected delivery 6, got 7' }),
      expect.objectContaining({ reason: expect.stringMatching(/were delivered, but/) }),
    ]);
  });

  test('when somebody deletes our consumers', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    const seen: StreamMessage[] = [];
    let deleted = 0;
    const publishing = publish(made.bus, 0, 2_000);
    for await (const { messages } of readAll(made.bus, { rowsMax: 50, ageMsMax: 5 })) {
      seen.push(...messages);
      if (seen.length > (deleted + 1) * 400 && deleted < 3) {
        for await (const { name } of jsm.consumers.list('TRADES')) {
          await jsm.consumers.delete('TRADES', name).catch(() => {}); // it has just been given up
          deleted += 1;
        }
      }
      if (seen.length >= 2_000) break;
    }
    await publishing;
    expect(deleted).toBeGreaterThan(0);
    expect(sequences(seen)).toEqual(numbers(1, 2_001));
  });

  test('when nothing arrives for a while because the network is silent', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using writer = await testBus(nats.url);
    await using reader = await testBus(way.url, { pingMs: 200 });
    const batches = readAll(reader.bus, { rowsMax: 2, ageMsMax: 1_000 });
    await publish(writer.bus, 0, 1);
    expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([1]);
    way.mute();
    await publish(writer.bus, 1, 3);
    await reader.log.said(/Lost the connection/);
    way.unmute();
    expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([2, 3]);
    await batches.return(undefined);
  });
});
