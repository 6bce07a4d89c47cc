import { isConnectionId } from '@polytape/types';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { aSession, aVenue, tokens } from './local-session.ts';
import { SilentServer, unusedPort } from './local-venue.ts';

describe('a session', () => {
  test('names all tokens in its first message, and asks for their books', async () => {
    const venue = await aVenue();
    aSession(venue.url, { tokenIds: tokens(500) });
    const connection = await venue.connection();
    expect(await connection.message(0)).toEqual({
      assets_ids: tokens(500),
      type: 'market',
      custom_feature_enabled: false,
      initial_dump: true,
      level: 2,
    });
    expect(connection.request.headers['sec-websocket-extensions']).toBeUndefined();
  });

  test('asks for custom features if the option is set', async () => {
    const venue = await aVenue();
    const { session } = aSession(venue.url, { customFeatures: true });
    const connection = await venue.connection();
    expect(await connection.message(0)).toMatchObject({ custom_feature_enabled: true });
    session.subscribe(['33']);
    expect(await connection.message(1)).toMatchObject({ operation: 'subscribe', custom_feature_enabled: true });
  });

  test('turns custom features on in place, and asks for them again on the next socket', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const first = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.setCustomFeatures(true);
    session.setCustomFeatures(true);
    session.subscribe(['33']);
    await first.until(({ messages }) => messages.length === 3);
    // A token that is subscribed already carries the flag; the venue refuses it as a duplicate and takes the flag.
    expect(JSON.parse(first.messages[1] ?? '')).toEqual({
      operation: 'subscribe',
      assets_ids: ['11'],
      custom_feature_enabled: true,
      level: 2,
    });
    first.socket.close(1001, 'restarting');
    const second = await venue.connection(1);
    expect(await second.message(0)).toMatchObject({ custom_feature_enabled: true });
  });

  test('hands over frames as received, with their receive time, under one connection id', async () => {
    const venue = await aVenue();
    const { handler } = aSession(venue.url);
    const { socket } = await venue.connection();
    const beforeUs = Date.now() * 1_000;
    for (const text of ['[]', '{"a":"é\\ud800"}', 'INVALID OPERATION', '']) socket.send(text);
    await handler.until(() => handler.frames.length === 4);
    expect(handler.texts).toEqual(['[]', '{"a":"é\\ud800"}', 'INVALID OPERATION', '']);
    expect(handler.calls).toEqual(['open', 'frame', 'frame', 'frame', 'frame']);
    for (const { receivedAtUs, connectionId } of handler.frames) {
      expect(connectionId).toBe(handler.opened[0]);
      expect(Number.isSafeInteger(receivedAtUs)).toBe(true);
      expect(Math.abs(receivedAtUs - beforeUs)).toBeLessThan(10_000_000);
    }
    expect(isConnectionId(handler.opened[0])).toBe(true);
  });

  test('sends PING as text, and does not hand over PONG', async () => {
    const venue = await aVenue();
    const { handler } = aSession(venue.url);
    const connection = await venue.connection();
    await connection.until(({ pings }) => pings >= 4);
    connection.socket.send('{"after":"pong"}');
    await handler.until(() => handler.frames.length > 0);
    expect(handler.texts).toEqual(['{"after":"pong"}']);
  });

  test('answers protocol pings', async () => {
    const venue = await aVenue();
    aSession(venue.url);
    const { socket } = await venue.connection();
    const answered = new Promise((resolve) => socket.once('pong', (data) => resolve(String(data))));
    socket.ping('still there?');
    expect(await answered).toBe('still there?');
  });

  test('hands over binary frames, and text that is not UTF-8, separately', async () => {
    const venue = await aVenue();
    const { handler } = aSession(venue.url);
    const { socket } = await venue.connection();
    socket.send(Buffer.from([1, 2, 3]));
    socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
    socket.send('{"good":"one"}');
    await handler.until(() => handler.frames.length === 1);
    expect(handler.binaries).toEqual([Buffer.from([1, 2, 3]), Buffer.from([0x7b, 0xff, 0x7d])]);
    expect(handler.texts).toEqual(['{"good":"one"}']);
  });

  test('accepts a frame of 5 MB', async () => {
    const venue = await aVenue();
    const { handler } = aSession(venue.url);
    const { socket } = await venue.connection();
    socket.send('x'.repeat(5_000_000));
    await handler.until(() => handler.frames.length === 1);
    expect(handler.texts[0]).toHaveLength(5_000_000);
  });

  test('accepts a frame of 128 MiB, and by default no larger one', async () => {
    const venue = await aVenue();
    const { handler } = aSession(venue.url, { pingIntervalMs: 10_000 });
    const { socket } = await venue.connection();
    socket.send('x'.repeat(128 * 1024 * 1024));
    socket.send('x'.repeat(128 * 1024 * 1024 + 1));
    await handler.until(() => handler.ends.length === 1);
    expect(handler.texts.map((text) => text.length)).toEqual([128 * 1024 * 1024]);
    expect(handler.ends[0]?.code).toBe(1009);
  });

  test('closes a socket that sends a frame above the limit, logs it, and opens another', async () => {
    const venue = await aVenue();
    const { handler, log } = aSession(venue.url, { frameBytesMax: 1_000 });
    const { socket } = await venue.connection();
    socket.send('x'.repeat(1_001));
    await handler.until(() => handler.opened.length === 2);
    expect(handler.ends[0]).toMatchObject({
      code: 1009,
      cause: expect.objectContaining({ message: expect.stringContaining('a frame exceeded 1000 bytes') }),
    });
    expect(log.of('warn')[0]?.sentence).toContain('exceeded 1000 bytes');
  });

  test('goes on after a handler has thrown, and logs it once', async () => {
    const venue = await aVenue();
    const { handler, log } = aSession(venue.url);
    const { socket } = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    handler.onFrame = () => {
      throw new Error('no room');
    };
    socket.send('one');
    socket.send('two');
    await log.until(() => log.of('error').length > 0);
    delete (handler as { onFrame?: unknown }).onFrame;
    socket.send('three');
    await handler.until(() => handler.frames.length > 0);
    expect(handler.texts.at(-1)).toBe('three');
    expect(handler.ends).toEqual([]);
    expect(log.of('error')).toHaveLength(1);
    expect(log.of('error')[0]).toMatchObject({
      sentence: 'A handler failed while handling a frame. Its data may be lost.',
      fields: { err: expect.objectContaining({ message: 'no room' }) },
    });
  });
});

describe('the subscription', () => {
  test('changes in place, with at most 100 tokens a message', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const connection = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.subscribe(tokens(250, 1_000));
    session.unsubscribe(tokens(120, 1_000));
    await connection.until(({ messages }) => messages.length === 6);
    const [, ...operations] = connection.messages.map((text) => JSON.parse(text));
    expect(operations.map(({ operation, assets_ids }) => [operation, assets_ids.length])).toEqual([
      ['subscribe', 100],
      ['subscribe', 100],
      ['subscribe', 50],
      ['unsubscribe', 100],
      ['unsubscribe', 20],
    ]);
    expect(operations.slice(0, 3).flatMap(({ assets_ids }) => assets_ids)).toEqual(tokens(250, 1_000));
    connection.socket.close(1001, 'restarting');
    expect((await (await venue.connection(1)).message(0)).assets_ids).toHaveLength(132);
  });

  test('names no token twice, and none that was not subscribed', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const connection = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.subscribe(['11', '33', '33']);
    session.unsubscribe(['44', '22', '22']);
    await connection.until(({ messages }) => messages.length === 3);
    expect(connection.messages.slice(1).map((text) => JSON.parse(text).assets_ids)).toEqual([['33'], ['22']]);
  });

  test('is sent again, in its present state, on the next socket', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const first = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.subscribe(['33']);
    session.unsubscribe(['11']);
    await first.until(({ messages }) => messages.length === 3);
    first.socket.close(1001, 'restarting');
    await handler.until(() => handler.ends.length === 1);
    session.subscribe(['44']);
    const second = await venue.connection(1);
    expect((await second.message(0)).assets_ids).toEqual(['22', '33', '44']);
    expect(handler.ends[0]).toMatchObject({ code: 1001, reason: 'restarting' });
    await handler.until(() => handler.opened.length === 2);
    expect(handler.opened[1]).not.toBe(handler.opened[0]);
    expect(second.messages).toHaveLength(1);
  });

  test('without tokens opens no socket until there are some', async () => {
    const venue = await aVenue();
    const { session } = aSession(venue.url, { tokenIds: [] });
    session.unsubscribe(['55']);
    session.subscribe(['55']);
    expect((await (await venue.connection()).message(0)).assets_ids).toEqual(['55']);
    expect(venue.connections).toHaveLength(1);
  });

  test('refuses malformed token ids and more tokens than the venue serves, and adds none of them', async () => {
    const venue = await aVenue();
    const { session } = aSession(venue.url);
    expect(() => session.subscribe(['33', '0x12'])).toThrow(new RangeError('not a token id: "0x12"'));
    expect(() => session.subscribe(tokens(499, 1_000))).toThrow(
      /501 tokens on one connection; at most 500 are allowed/,
    );
    expect((await (await venue.connection()).message(0)).assets_ids).toEqual(['11', '22']);
  });
});

describe('a paused session', () => {
  test('stops reading, and reads everything when resumed', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const connection = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.pause();
    const frames = 400;
    for (let number = 0; number < frames; number += 1) connection.socket.send(`${number} ${'x'.repeat(100_000)}`);
    const { pings } = connection;
    await connection.until((now) => now.pings >= pings + 5);
    // What the chunk in hand held may come, 40 MB may not.
    expect(handler.frames.length).toBeLessThan(5);
    expect(connection.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    session.resume();
    await handler.until(() => handler.frames.length === frames);
    expect(handler.texts.map((text) => Number(text.slice(0, text.indexOf(' '))))).toEqual(
      Array.from({ length: frames }, (_, number) => number),
    );
    expect(handler.ends).toEqual([]);
  });

  test('keeps sending PING, and does not count as dead', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url, { pingIntervalMs: 10, silentPingsMax: 3 });
    const connection = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.pause();
    const { pings } = connection;
    await connection.until((now) => now.pings >= pings + 10);
    expect(handler.ends).toEqual([]);
    session.resume();
    await connection.until((now) => now.pings >= pings + 20);
    expect(handler.ends).toEqual([]);
  });

  test('has the whole silence limit again once it is resumed', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url, { pingIntervalMs: 10, silentPingsMax: 3 });
    const connection = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    venue.answersPing = false;
    session.pause();
    await connection.until(({ pings }) => pings >= 10);
    session.resume();
    const { pings } = connection;
    await handler.until(() => handler.ends.length === 1);
    expect(connection.pings - pings).toBeGreaterThanOrEqual(2);
  });

  test('opens its next socket paused', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const first = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.pause();
    first.socket.terminate();
    const second = await venue.connection(1);
    await second.message(0);
    second.socket.send('early');
    await second.until(({ pings }) => pings >= 5);
    expect(handler.frames).toEqual([]);
    session.resume();
    await handler.until(() => handler.frames.length === 1);
  });
});

describe('disposing of a session', () => {
  test('closes the socket, and nothing is called afterwards', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const { socket } = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    const closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    await session[Symbol.asyncDispose]();
    expect(handler.calls).toEqual(['open', 'close']);
    expect(handler.ends[0]?.code).toBe(1000);
    expect(await closed).toBe(1000);
    expect(venue.connections).toHaveLength(1);
  });

  test('first reads what the venue has sent, also if the session was paused', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    const { socket } = await venue.connection();
    await handler.until(() => handler.opened.length === 1);
    session.pause();
    // Too much for the network's buffers, so that most of it waits with the venue.
    for (let frame = 0; frame < 2_000; frame += 1) socket.send(`${frame} ${'x'.repeat(10_000)}`);
    await session[Symbol.asyncDispose]();
    expect(handler.texts).toHaveLength(2_000);
    expect(handler.ends[0]).toMatchObject({ code: 1000, unreadMs: 0 });
  });

  test('reports how much of what the venue had sent was not read in time', async () => {
    const venue = await aVenue();
    venue.answersPing = false;
    const { session, handler } = aSession(venue.url, { drainTimeoutMs: 100 });
    const { socket } = await venue.connection();
    const sending = setInterval(() => socket.send('more'), 5);
    onTestFinished(() => clearInterval(sending));
    await handler.until(() => handler.frames.length > 10);
    await session[Symbol.asyncDispose]();
    expect(handler.ends[0]?.unreadMs).toBeGreaterThan(20);
  });

  test('takes a bounded time if the venue does not answer, paused or not', async () => {
    for (const isPaused of [false, true]) {
      const venue = await aVenue();
      const { session, handler } = aSession(venue.url, { closeTimeoutMs: 50 });
      const { socket } = await venue.connection();
      await handler.until(() => handler.opened.length === 1);
      socket.pause();
      if (isPaused) session.pause();
      await session[Symbol.asyncDispose]();
      expect(handler.calls).toEqual(['open', 'close']);
    }
  });

  test('ends an attempt to connect', async () => {
    const server = await SilentServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const { session, handler } = aSession(`ws://127.0.0.1:${server.port}/ws/market`);
    await session[Symbol.asyncDispose]();
    expect(handler.calls).toEqual([]);
  });

  test('ends a wait', async () => {
    const port = await unusedPort();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { session, handler, log } = aSession(`ws://127.0.0.1:${port}/ws/market`, {
      backoffMsMin: 60_000,
      backoffMsMax: 60_000,
    });
    await log.until(() => log.of('warn').length === 1);
    expect(vi.getTimerCount()).toBe(1);
    await session[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
    expect(handler.calls).toEqual([]);
  });

  test('may be done twice', async () => {
    const venue = await aVenue();
    const { session, handler } = aSession(venue.url);
    await handler.until(() => handler.opened.length === 1);
    await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
    await session[Symbol.asyncDispose]();
    expect(handler.ends).toHaveLength(1);
  });
});
