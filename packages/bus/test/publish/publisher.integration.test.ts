import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import type { Bus, OutgoingMessage, StreamMessage } from '../../src/index.ts';
import { ANSWER, natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { configuredNats, natsServerProgram } from '../topology/configured-nats.ts';
import { operatorOf } from '../topology/operator.ts';

const program = await natsServerProgram();
const WINDOW = { unacknowledgedMax: 100, queueMax: 1_000 };

describe('a publisher', () => {
  test('stores what it takes, in order, with id and headers', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher(WINDOW);
    for (const n of numbers(500)) publisher.publish({ ...trade(n), headers: { 'Pm-Connection': `c${n}` } });
    await publisher.idle();
    const stored = await read(made.bus, 500);
    expect(stored.map(({ messageId }) => messageId)).toEqual(numbers(500).map((n) => `id-${n}`));
    expect(stored[7]).toMatchObject({ sequence: 8, subject: 'pm.trade.0x1.7' });
    expect(stored[7]?.header('Pm-Connection')).toBe('c7');
    expect(new TextDecoder().decode(stored[7]?.body)).toBe('{"n":7}');
    expect(publisher.stats()).toMatchObject({ acknowledged: 500, unacknowledged: 0, queued: 0, oldestTakenAtMs: null });
  });

  test('stores bodies and ids of any characters and any length', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher(WINDOW);
    const texts = ['', 'ä', '東京 🗼', 'x'.repeat(100_000), '€'.repeat(100_000), `${'y'.repeat(300_000)}ß`];
    for (const [n, body] of texts.entries()) publisher.publish({ ...trade(n), messageId: `ïd-${n}`, body });
    await publisher.idle();
    const stored = await read(made.bus, texts.length);
    expect(stored.map(({ body }) => new TextDecoder().decode(body))).toEqual(texts);
    expect(ids(stored)).toEqual(texts.map((_, n) => `ïd-${n}`));
  });

  test('never has more unacknowledged messages than its window', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 10, queueMax: 1_000 });
    for (const n of numbers(200)) publisher.publish(trade(n));
    expect(publisher.stats()).toMatchObject({ unacknowledged: 10, queued: 190 });
    await publisher.idle();
    expect(publisher.stats().acknowledged).toBe(200);
  });

  test('never has more unacknowledged bytes than its window, except for one message of any size', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ ...WINDOW, unacknowledgedBytesMax: 1_000 });
    for (const n of numbers(5)) publisher.publish({ ...trade(n), body: 'x'.repeat(2_000) });
    const bytes = 2_000 + 'NATS/1.0\r\nNats-Msg-Id: id-0\r\n\r\n'.length;
    expect(publisher.stats()).toMatchObject({ unacknowledged: 1, queued: 4, queuedBytes: 4 * bytes });
    await publisher.idle();
  });

  test('counts messages that the broker already had', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher(WINDOW);
    for (const n of [1, 2, 1, 3, 2]) publisher.publish(trade(n));
    await publisher.idle();
    expect(publisher.stats()).toMatchObject({ acknowledged: 5, duplicates: 2 });
    expect((await made.bus.streamState('TRADES')).lastSequence).toBe(3);
  });

  test('is full at its limit, still takes messages, and reports when there is room again', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 10, queueMax: 50 });
    await cutUntilLost(made, way);
    let fulls = 0;
    publisher.onFull(() => {
      fulls += 1;
    });
    for (const n of numbers(49)) publisher.publish(trade(n));
    expect([publisher.full, fulls]).toEqual([false, 0]);
    for (const n of numbers(100)) publisher.publish(trade(49 + n));
    expect([publisher.full, fulls]).toEqual([true, 1]);
    let rooms = 0;
    const room = new Promise<number>((resolve) =>
      publisher.onRoom(() => {
        rooms += 1;
        resolve(publisher.stats().queued);
      }),
    );
    way.unmute();
    expect(await room).toBeLessThan(25);
    expect(publisher.full).toBe(false);
    await publisher.idle();
    expect(rooms).toBe(1);
    expect(publisher.stats().acknowledged).toBe(149);
  });

  test('delivers messages that were published while the server was away', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher(WINDOW);
    publisher.publish(trade(0));
    await publisher.idle();
    await nats.kill();
    await made.log.said(/Lost the connection/);
    for (const n of numbers(300)) publisher.publish(trade(n));
    expect(publisher.stats()).toMatchObject({ unacknowledged: 0, queued: 300, duplicates: 0 });
    await nats.start();
    await publisher.idle();
    expect(ids(await read(made.bus, 300))).toEqual(numbers(300).map((n) => `id-${n}`));
    expect(publisher.stats()).toMatchObject({ duplicates: 1 });
  });

  test('loses and doubles nothing when the server is killed while it publishes', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 200, queueMax: 100_000 });
    let taken = 0;
    const source = setInterval(() => {
      for (let n = 0; n < 5; n += 1) publisher.publish(trade(taken++));
    }, 5);
    try {
      for (let round = 0; round < 3; round += 1) {
        const before = publisher.stats().acknowledged;
        await until(() => publisher.stats().acknowledged > before + 100);
        await nats.kill();
        await nats.start();
      }
      await until(() => publisher.stats().acknowledged > 600);
    } finally {
      clearInterval(source);
    }
    await publisher.idle();
    const stored = ids(await read(made.bus, taken));
    expect(stored).toHaveLength(taken);
    expect(new Set(stored).size).toBe(taken);
    expect(publisher.stats().retries).toBeGreaterThan(0);
    expect((await made.bus.streamState('TRADES')).lastSequence).toBe(taken);
  });

  test('sends messages again after the connection was cut', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    // Only the connection's return can make it send again.
    await using publisher = made.bus.publisher({ ...WINDOW, acknowledgeMsMax: 600_000 });
    way.mute();
    for (const n of numbers(50)) publisher.publish(trade(n));
    expect(publisher.stats().unacknowledged).toBe(50);
    way.unmute();
    await publisher.idle();
    expect(ids(await read(made.bus, 50))).toEqual(numbers(50).map((n) => `id-${n}`));
    expect(publisher.stats().retries).toBe(50);
  });

  test('sends a single message again that got no acknowledgement', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    await using publisher = made.bus.publisher({ ...WINDOW, acknowledgeMsMax: 100 });
    way.swallow(1, ANSWER);
    publisher.publish(trade(0));
    // Younger messages are acknowledged all the time; only their age shows that the first one was lost.
    let next = 1;
    const flowing = setInterval(() => publisher.publish(trade(next++)), 10);
    try {
      await until(() => publisher.stats().retries > 0);
    } finally {
      clearInterval(flowing);
    }
    await publisher.idle();
    expect(publisher.stats()).toMatchObject({ acknowledged: next, duplicates: 1, retries: 1 });
  });

  test('repeats nothing while the server is merely slow', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    await using publisher = made.bus.publisher({ ...WINDOW, acknowledgeMsMax: 1_000 });
    way.slow(40); // the last acknowledgement takes 2 s
    for (const n of numbers(50)) publisher.publish(trade(n));
    await publisher.idle();
    expect(publisher.stats()).toMatchObject({ acknowledged: 50, retries: 0 });
  });

  test('reports a message that is larger than the server accepts, and stores the others', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const rejected: [OutgoingMessage, string][] = [];
    await using publisher = made.bus.publisher(WINDOW);
    publisher.onRejected((message, reason) => rejected.push([message, reason]));
    publisher.publish(trade(1));
    publisher.publish({ ...trade(2), body: 'x'.repeat(80 * 1024 * 1024) });
    publisher.publish(trade(3));
    await publisher.idle();
    expect(rejected.map(([{ messageId }, reason]) => [messageId, reason])).toEqual([
      ['id-2', expect.stringMatching(/max_payload/)],
    ]);
    expect(ids(await read(made.bus, 2))).toEqual(['id-1', 'id-3']);
    expect(publisher.stats()).toMatchObject({ acknowledged: 2, rejected: 1 });
  });

  test('reports a message that is larger than the stream accepts', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.update('TRADES', { max_msg_size: 1_000 });
    const rejected: string[] = [];
    await using publisher = made.bus.publisher(WINDOW);
    publisher.onRejected((_message, reason) => rejected.push(reason));
    publisher.publish({ ...trade(1), body: 'x'.repeat(2_000) });
    publisher.publish(trade(2));
    await publisher.idle();
    expect(rejected).toEqual([expect.stringMatching(/size exceeds maximum/)]);
    expect(ids(await read(made.bus, 1))).toEqual(['id-2']);
  });

  test('reports a message with an impossible subject or header', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const rejected: string[] = [];
    await using publisher = made.bus.publisher(WINDOW);
    publisher.onRejected(({ messageId }) => rejected.push(messageId));
    publisher.publish({ subject: 'pm.trade.0x1. 2', messageId: 'space', body: '' });
    publisher.publish({ ...trade(1), messageId: 'line', headers: { 'Pm-Shard': 'one\r\ntwo' } });
    await publisher.idle();
    expect(rejected).toEqual(['space', 'line']);
  });

  test('forgets what was never acknowledged, and keeps the rest', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 2, queueMax: 10 });
    publisher.publish(trade(0));
    await publisher.acknowledged();
    await cutUntilLost(made, way);
    for (const n of numbers(5)) publisher.publish(trade(1 + n));
    publisher.forgetUnacknowledged();
    expect(publisher.stats()).toMatchObject({ queued: 0, queuedBytes: 0, unacknowledged: 0, held: 1 });
    await publisher.acknowledged();
    way.unmute();
    publisher.publish(trade(9));
    await publisher.idle();
    expect(ids(await read(made.bus, 2))).toEqual(['id-0', 'id-9']);
  });

  test('logs a lost message at error level', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher(WINDOW);
    publisher.publish({ subject: 'pm.trade.0x1. 2', messageId: 'space', body: '' });
    expect((await made.log.said(/^Lost a message to .* NATS can never store it/)).level).toBe('error');
  });

  test('keeps a message that no stream takes yet, logs it, and delivers it once the stream is created', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    await using publisher = made.bus.publisher(WINDOW);
    publisher.publish(trade(1));
    expect((await made.log.said(/is not acknowledging/)).sentence).toMatch(/no stream on NATS takes this subject/);
    await made.bus.reconcile(made.stop.signal);
    await publisher.idle();
    expect(ids(await read(made.bus, 1))).toEqual(['id-1']);
    await made.log.said(/acknowledges published messages again/);
  });

  test('is not held up by messages for a missing stream', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.delete('UNPARSED');
    await using publisher = made.bus.publisher(WINDOW);
    publisher.publish({ subject: 'pm.unparsed.c1', messageId: 'unparsed', body: '{}' });
    publisher.publish(trade(1));
    await until(() => publisher.stats().acknowledged === 1);
    expect(ids(await read(made.bus, 1))).toEqual(['id-1']);
    expect(publisher.stats().unacknowledged).toBe(1);
  });

  test('shows how much is unfinished, and since when', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    const publisher = made.bus.publisher({ unacknowledgedMax: 2, queueMax: 10 });
    way.mute();
    const before = Date.now();
    for (const n of numbers(5)) publisher.publish(trade(n));
    const after = Date.now();
    await publisher[Symbol.asyncDispose]();
    const stats = publisher.stats();
    expect(stats).toMatchObject({ unacknowledged: 2, queued: 3 });
    expect(stats.oldestTakenAtMs).toBeGreaterThanOrEqual(before);
    expect(stats.oldestTakenAtMs).toBeLessThanOrEqual(after);
  });

  test.skipIf(program === null)(
    'sends messages again that a hanging server does not acknowledge (needs its pid)',
    async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { jetstream: true });
      await using made = await testBus(nats.url);
      await using publisher = made.bus.publisher({ ...WINDOW, acknowledgeMsMax: 100 });
      process.kill(nats.pid, 'SIGSTOP');
      let taken = 0;
      try {
        await until(() => {
          // The server's threads stop a moment after the signal, and may acknowledge a message until then.
          if (publisher.stats().unacknowledged === 0) publisher.publish(trade(taken++));
          return publisher.stats().retries >= 2;
        });
      } finally {
        process.kill(nats.pid, 'SIGCONT');
      }
      await publisher.idle();
      expect(ids(await read(made.bus, taken))).toEqual(numbers(taken).map((n) => `id-${n}`));
      expect((await made.bus.streamState('TRADES')).lastSequence).toBe(taken);
    },
  );
});

function trade(n: number): OutgoingMessage {
  return { subject: `pm.trade.0x1.${n}`, messageId: `id-${n}`, body: `{"n":${n}}` };
}

function numbers(count: number): number[] {
  return [...Array(count).keys()];
}

function ids(messages: StreamMessage[]): (string | null)[] {
  return messages.map(({ messageId }) => messageId);
}

/** The first `count` messages of TRADES. */
async function read(bus: Bus, count: number): Promise<StreamMessage[]> {
  const all: StreamMessage[] = [];
  const o = { rowsMax: 1_000, ageMsMax: 5, signal: new AbortController().signal };
  for await (const { messages } of bus.readBatches('TRADES', null, o)) {
    all.push(...messages);
    if (all.length >= count) break;
  }
  return all;
}

/** For counters, which nobody announces. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Loses the connection and keeps it lost until `unmute`. */
async function cutUntilLost(
  made: { log: { said(pattern: RegExp): Promise<unknown> } },
  way: { mute(): void; cut(): void },
) {
  way.mute();
  way.cut();
  await made.log.said(/Lost the connection/);
}
