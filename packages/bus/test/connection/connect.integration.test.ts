import { createServer } from 'node:net';
import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { Bus, BusConfigurationError } from '../../src/index.ts';
import { RecordedLog } from '../read/recorded-log.ts';
import { testBus } from '../test-bus.ts';
import { configuredNats, natsServerProgram } from '../topology/configured-nats.ts';
import { natsProxy } from './nats-proxy.ts';

const program = await natsServerProgram();
const never = new AbortController().signal;

describe.concurrent('connecting', () => {
  test.for(['postgres://localhost:5432', 'nats://', 'nats://user:pa/55@host', 'nats://host:notaport', 'http://x'])(
    'refuses %s at once, and names the setting',
    async (url) => {
      const attempt = Bus.connect({ url, name: 'test', log: new RecordedLog(), signal: never });
      await expect(attempt).rejects.toThrow(/NATS_URL/);
      await expect(attempt).rejects.toBeInstanceOf(BusConfigurationError);
      await expect(attempt).rejects.not.toThrow(/55/);
    },
  );

  test('retries while the server is away, logs it once, and succeeds when the server comes', async () => {
    await using nats = await testNats();
    const port = await closedPort();
    const log = new RecordedLog();
    // A server without users takes any; a given one may have its own.
    const credentials = /\/\/(.+@)/.exec(nats.url)?.[1] ?? 'ann:secret@';
    const url = `nats://${credentials}127.0.0.1:${port}`;
    const connecting = Bus.connect({ url, name: 'test', log, signal: never });
    const entry = await log.said(/cannot be reached/);
    expect(entry.level).toBe('warn');
    expect(entry.sentence).toContain(`127.0.0.1:${port}`);
    expect(entry.sentence).toContain('ECONNREFUSED');
    await using _way = await natsProxy(nats.url, port);
    await using bus = await connecting;
    expect(bus.connected).toBe(true);
    expect(log.count(/cannot be reached/)).toBe(1);
    expect(log.count(/^Connected to NATS/)).toBe(1);
    expect(log.text).not.toContain(credentials);
    expect(log.text).not.toContain('secret');
  });

  test('ends when the signal aborts while the server is away', async () => {
    const stop = new AbortController();
    const log = new RecordedLog();
    const url = `nats://127.0.0.1:${await closedPort()}`;
    const connecting = Bus.connect({ url, name: 'test', log, signal: stop.signal });
    await log.said(/cannot be reached/);
    stop.abort(new Error('stopped by the test'));
    await expect(connecting).rejects.toThrow('stopped by the test');
  });

  test('ends when the signal aborts while the server never greets', async () => {
    await using silent = await natsProxy('nats://127.0.0.1:1');
    silent.mute();
    const stop = new AbortController();
    const connecting = Bus.connect({ url: silent.url, name: 'test', log: new RecordedLog(), signal: stop.signal });
    queueMicrotask(() => stop.abort(new Error('stopped by the test')));
    await expect(connecting).rejects.toThrow('stopped by the test');
  });

  describe.skipIf(program === null)('with credentials (needs a nats-server program to configure)', () => {
    const users = 'authorization { users: [ { user: "ann", password: "p@ss/w:rd" } ] }';

    test('uses user and password of the URL, percent-encoded', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { configuration: users, jetstream: true });
      const url = `nats://ann:${encodeURIComponent('p@ss/w:rd')}@${nats.host}`;
      await using made = await testBus(url);
      expect(made.bus.connected).toBe(true);
    });

    test('fails at once with wrong ones, without repeating the password', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { configuration: users, jetstream: true });
      const log = new RecordedLog();
      const attempt = Bus.connect({ url: `nats://ann:wrong@${nats.host}`, name: 'test', log, signal: never });
      const error = await attempt.catch((caught) => caught);
      expect(error).toBeInstanceOf(BusConfigurationError);
      expect(error.message).toMatch(/refuses user "ann".*NATS_URL/);
      expect(`${error.message}${log.text}`).not.toContain('wrong');
    });

    test('uses a name without a password as a token', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, {
        configuration: 'authorization { token: "t0ken" }',
        jetstream: true,
      });
      await using made = await testBus(`nats://t0ken@${nats.host}`);
      expect(made.bus.connected).toBe(true);
    });
  });
});

describe.concurrent('a connection', () => {
  test('that is cut logs it and comes back', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    way.cut();
    expect((await made.log.said(/Lost the connection/)).level).toBe('warn');
    expect((await made.log.said(/Reconnected/)).level).toBe('info');
    expect(made.bus.connected).toBe(true);
  });

  // The client's own default gives up after 10 attempts.
  test('comes back however long the server was away', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    way.lead('nats://127.0.0.1:1');
    way.cut();
    const attempts = () =>
      made.log.entries.filter(({ fields }) => 'status' in fields && fields.status === 'reconnecting');
    while (attempts().length < 12) await new Promise((resolve) => setTimeout(resolve, 20));
    way.lead(nats.url);
    await made.log.said(/Reconnected/);
    expect((await made.bus.streamState('TRADES')).lastSequence).toBe(0);
  });

  test.skipIf(program === null)('comes back after the server refused it for a while', async ({ onTestFinished }) => {
    if (program === null) return;
    const users = (password: string) => `authorization { users: [ { user: ann, password: ${password} } ] }`;
    await using nats = await configuredNats(program, onTestFinished, {
      configuration: users('right'),
      jetstream: true,
    });
    await using other = await configuredNats(program, onTestFinished, {
      configuration: users('other'),
      jetstream: true,
    });
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url.replace('//', '//ann:right@'));
    way.lead(other.url);
    way.cut();
    await made.log.said(/Authorization Violation/);
    const attempts = () =>
      made.log.entries.filter(({ fields }) => 'status' in fields && fields.status === 'reconnecting');
    while (attempts().length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    way.lead(nats.url);
    await made.log.said(/Reconnected/);
    expect(made.log.count(/Authorization Violation/)).toBe(1);
  });

  test('is closed for good by dispose, without an error', async () => {
    await using nats = await testNats();
    const { bus } = await testBus(nats.url);
    await bus[Symbol.asyncDispose]();
    expect(await bus.closed).toBeUndefined();
    expect(bus.connected).toBe(false);
  });

  test('is closed by dispose even while the server is away', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    const { bus, log } = await testBus(way.url);
    await way[Symbol.asyncDispose]();
    await log.said(/Lost the connection/);
    await bus[Symbol.asyncDispose]();
    expect(await bus.closed).toBeUndefined();
  });

  test('to a peer that died silently is abandoned and re-established', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url, { pingMs: 100 });
    way.mute();
    await made.log.said(/Lost the connection/);
    way.unmute();
    await made.log.said(/Reconnected/);
    expect((await made.bus.streamState('TRADES')).lastSequence).toBe(0);
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
