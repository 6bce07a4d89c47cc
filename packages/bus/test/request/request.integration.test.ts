import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { BusUnavailableError, NoAnswerError } from '../../src/index.ts';
import { natsProxy } from '../connection/nats-proxy.ts';
import { type TestBus, testBus } from '../test-bus.ts';

const SUBJECT = 'pm.cmd.test';
const never = new AbortController().signal;
const soon = { timeoutMs: 10_000, signal: never };

describe.concurrent('a request', () => {
  test('gets the answer of the handler', async () => {
    await using nats = await testNats();
    await using server = await connect(nats.url);
    await using client = await connect(nats.url);
    await using _serving = server.bus.serve(SUBJECT, async (request) => ({ heard: request }));
    await hasArrived(server);
    expect(await client.bus.request(SUBJECT, { shard: 7 }, soon)).toEqual({ heard: { shard: 7 } });
    expect(await client.bus.request(SUBJECT, null, soon)).toEqual({ heard: null });
  });

  test('is answered with a refusal when the handler throws, with the message of the exception', async () => {
    await using nats = await testNats();
    await using server = await connect(nats.url);
    await using _serving = server.bus.serve(SUBJECT, () => {
      throw new Error('no such shard');
    });
    expect(await server.bus.request(SUBJECT, {}, soon)).toEqual({ refused: 'no such shard' });
  });

  test('is answered with a refusal when the answer is larger than NATS accepts', async () => {
    await using nats = await testNats();
    await using server = await connect(nats.url);
    await using _serving = server.bus.serve(SUBJECT, () => 'x'.repeat(80 * 1024 * 1024));
    expect(await server.bus.request(SUBJECT, {}, soon)).toMatchObject({
      refused: expect.stringMatching(/cannot be sent/),
    });
  });

  test('fails at once when nobody serves the subject', async () => {
    await using nats = await testNats();
    await using client = await connect(nats.url);
    await expect(client.bus.request(SUBJECT, {}, soon)).rejects.toMatchObject({
      name: 'NoAnswerError',
      reason: 'nobody_serves',
      message: `nobody answers on ${SUBJECT}`,
    });
    await (await serving(client))[Symbol.asyncDispose]();
    await expect(client.bus.request(SUBJECT, {}, soon)).rejects.toMatchObject({ reason: 'nobody_serves' });
  });

  test('fails when the answer comes too late', async () => {
    await using nats = await testNats();
    await using client = await connect(nats.url);
    await using _serving = client.bus.serve(SUBJECT, () => Promise.withResolvers().promise);
    const asked = client.bus.request(SUBJECT, {}, { timeoutMs: 50, signal: never });
    await expect(asked).rejects.toBeInstanceOf(NoAnswerError);
    await expect(asked).rejects.toMatchObject({ reason: 'too_late' });
  });

  test('ends when the signal aborts', async () => {
    await using nats = await testNats();
    await using client = await connect(nats.url);
    const stop = new AbortController();
    await using _serving = client.bus.serve(SUBJECT, () => {
      stop.abort(new Error('stopped by the test'));
      return Promise.withResolvers().promise;
    });
    const asked = client.bus.request(SUBJECT, {}, { timeoutMs: 60_000, signal: stop.signal });
    await expect(asked).rejects.toThrow('stopped by the test');
  });

  test('is answered by a process that lost its connection and has reconnected', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using server = await connect(way.url);
    await using client = await connect(nats.url);
    await using _serving = server.bus.serve(SUBJECT, () => 'here');
    const back = new Promise<void>((resolve) => server.bus.onConnected(resolve));
    way.cut();
    await back;
    await hasArrived(server);
    expect(await client.bus.request(SUBJECT, {}, soon)).toBe('here');
  });

  test('fails as unavailable while the connection is down', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using client = await connect(way.url);
    way.lead('nats://127.0.0.1:1');
    way.cut();
    await client.log.said(/Lost the connection/);
    const asked = client.bus.request(SUBJECT, {}, { timeoutMs: 50, signal: never });
    await expect(asked).rejects.toBeInstanceOf(BusUnavailableError);
  });
});

describe.concurrent('a request to all', () => {
  test('gathers the answers of all processes that serve it, and ends when no more come', async () => {
    await using nats = await testNats();
    await using one = await connect(nats.url);
    await using two = await connect(nats.url);
    await using _first = one.bus.serve(SUBJECT, () => 1);
    await using _second = two.bus.serve(SUBJECT, () => 2);
    await using _third = two.bus.serve(SUBJECT, () => {
      throw new Error('not now');
    });
    await hasArrived(two);
    const answers = await one.bus.requestAll(SUBJECT, null, { waitMs: 60_000, stallMs: 100, signal: never });
    expect(answers).toHaveLength(3);
    expect(answers).toEqual(expect.arrayContaining([1, 2, { refused: 'not now' }]));
  });

  test('waits beyond the stall for answers that are known to be missing', async () => {
    await using nats = await testNats();
    await using made = await connect(nats.url);
    const held = Promise.withResolvers<string>();
    await using _fast = made.bus.serve(SUBJECT, () => 'fast');
    await using _slow = made.bus.serve(SUBJECT, () => held.promise);
    const isComplete = (answers: readonly string[]) => {
      held.resolve('slow'); // only after the first stall
      return answers.includes('slow');
    };
    const options = { waitMs: 60_000, stallMs: 20, isComplete, signal: never };
    expect(await made.bus.requestAll(SUBJECT, null, options)).toEqual(['fast', 'slow']);
  });

  test('waits for them no longer than its limit', async () => {
    await using nats = await testNats();
    await using made = await connect(nats.url);
    await using _fast = made.bus.serve(SUBJECT, () => 'fast');
    const options = { waitMs: 200, stallMs: 10, isComplete: () => false, signal: never };
    expect(await made.bus.requestAll(SUBJECT, null, options)).toEqual(['fast']);
  });

  test('has no answers, at once, when nobody serves the subject', async () => {
    await using nats = await testNats();
    await using made = await connect(nats.url);
    expect(await made.bus.requestAll(SUBJECT, null, { waitMs: 60_000, stallMs: 60_000, signal: never })).toEqual([]);
  });
});

function connect(url: string): Promise<TestBus> {
  return testBus(url, { reconcile: false });
}

/** NATS has read what this connection sent so far, a subscription among it: it has answered a later question. */
async function hasArrived({ bus }: TestBus): Promise<void> {
  await expect(bus.request('pm.cmd.nobody', {}, soon)).rejects.toBeInstanceOf(NoAnswerError);
}

async function serving({ bus }: TestBus): Promise<AsyncDisposable> {
  const served = bus.serve(SUBJECT, () => 'here');
  expect(await bus.request(SUBJECT, {}, soon)).toBe('here');
  return served;
}
