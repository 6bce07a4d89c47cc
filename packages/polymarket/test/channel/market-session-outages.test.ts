import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { MarketSession } from '../../src/channel/market-session.ts';
import { RecordingHandler, RecordingLog } from '../recording.ts';
import { aSession, aVenue } from './local-session.ts';
import { LocalVenue, SilentServer, unusedPort } from './local-venue.ts';

describe('a broken connection', () => {
  test('is replaced, at growing intervals while connections do not last', async () => {
    const venue = await aVenue();
    const waits = waitsOfAtMost(64);
    const { handler, log } = aSession(venue.url, { random: () => 0, backoffMsMin: 4, backoffMsMax: 64 });
    for (let index = 0; index < 5; index += 1) (await venue.connection(index)).socket.terminate();
    await handler.until(() => handler.opened.length === 6);
    expect(new Set(handler.opened).size).toBe(6);
    expect(handler.ends.map(({ code }) => code)).toEqual([1006, 1006, 1006, 1006, 1006]);
    expect(waits()).toEqual([4, 8, 16, 32, 32]);
    expect(log.of('warn')).toHaveLength(1);
    expect(log.of('warn')[0]).toMatchObject({ fields: { waitMs: 4 } });
    expect(log.of('warn')[0]?.sentence).toMatch(
      /^127\.0\.0\.1:\d+ closed the connection \(1006\)\. Trying again in 0\.0 s/,
    );
    expect(log.of('info').map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^Connected to .* again\.$/),
    ]);
  });

  test('that has lasted is replaced after the shortest interval', async () => {
    const venue = await aVenue();
    const waits = waitsOfAtMost(64);
    const { handler } = aSession(venue.url, { random: () => 0, backoffMsMin: 4, settledAfterMs: 0 });
    for (let index = 0; index < 4; index += 1) (await venue.connection(index)).socket.terminate();
    await handler.until(() => handler.opened.length === 5);
    expect(waits()).toEqual([4, 4, 4, 4]);
  });

  test('is detected when nothing arrives any more, not even PONG', async () => {
    const venue = await aVenue();
    venue.answersPing = false;
    const { handler } = aSession(venue.url, { pingIntervalMs: 10, silentPingsMax: 3 });
    const connection = await venue.connection();
    await handler.until(() => handler.ends.length === 1);
    expect(connection.pings).toBe(3);
    expect(handler.ends[0]).toMatchObject({
      code: 1006,
      cause: expect.objectContaining({ message: expect.stringContaining('nothing arrived for 0.03 s, not even PONG') }),
    });
    await handler.until(() => handler.opened.length === 2);
  });

  test.each<[string, (socket: WebSocket) => void]>([
    ['a frame', (socket) => socket.send('{}')],
    ['a binary frame', (socket) => socket.send(Buffer.from([1]))],
    ['a protocol ping', (socket) => socket.ping()],
    ['a protocol pong', (socket) => socket.pong()],
  ])('is not suspected while anything arrives, such as %s', async (_what, send) => {
    const venue = await aVenue();
    venue.answersPing = false;
    const { handler } = aSession(venue.url, { pingIntervalMs: 20, silentPingsMax: 3 });
    const connection = await venue.connection();
    for (let round = 1; round <= 7; round += 1) {
      await connection.until(({ pings }) => pings >= round);
      send(connection.socket);
    }
    expect(handler.ends).toEqual([]);
  });
});

describe('a venue that cannot be reached', () => {
  test('is reported once for each cause, with host, cause and what comes next', async () => {
    const port = await unusedPort();
    const { handler, log } = aSession(`ws://127.0.0.1:${port}/ws/market`);
    await log.until(() => log.of('warn').length === 1);
    expect(log.of('warn')[0]?.sentence).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:${port} is unavailable for /ws/market: connection refused\\. Trying again in `),
    );
    // Several tries later a venue opens there.
    const venue = await LocalVenue.start({ port });
    onTestFinished(() => venue[Symbol.asyncDispose]());
    await handler.until(() => handler.opened.length === 1);
    expect(log.of('warn')).toHaveLength(1);
    expect(log.of('info').map(({ sentence }) => sentence)).toEqual([`Connected to 127.0.0.1:${port} again.`]);
    expect(handler.calls[0]).toBe('open');
  });

  test('because its name is unknown is reported as such', async () => {
    const { log } = aSession('ws://venue.invalid/ws/market');
    await log.until(() => log.of('warn').length === 1);
    expect(log.of('warn')[0]?.sentence).toMatch(/^venue\.invalid is unavailable for \/ws\/market: host not found/);
  });

  test('because it never answers the upgrade is given up after a timeout, and tried again', async () => {
    const server = await SilentServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const { log } = aSession(`ws://127.0.0.1:${server.port}/ws/market`, { handshakeTimeoutMs: 50 });
    await log.until(() => log.of('warn').length === 1);
    expect(log.of('warn')[0]?.sentence).toContain('Opening handshake has timed out');
  });

  test('because it answers 403 is reported as an error that names geoblocking, and tried again at the longest interval', async () => {
    const venue = await aVenue();
    venue.refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
    const { handler, log } = aSession(venue.url, { random: () => 0.999_999 });
    await log.until(() => log.of('error').length === 1);
    expect(log.of('error')[0]).toMatchObject({
      sentence: expect.stringContaining('(403, at the WebSocket upgrade)'),
      fields: { waitMs: 40, operatorAction: expect.stringContaining('geoblocking') },
    });
    await venue.until(() => venue.refused >= 3);
    expect(log.of('error')).toHaveLength(1);
    venue.refusal = null;
    await handler.until(() => handler.opened.length === 1);
    expect(log.of('info').map(({ sentence }) => sentence)).toEqual([expect.stringMatching(/^Connected to .* again/)]);
  });

  test('because it throttles is left alone for as long as it asks', async () => {
    const venue = await aVenue();
    venue.refusal = 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n';
    const { log } = aSession(venue.url);
    await log.until(() => log.of('warn').length === 1);
    expect(log.of('warn')[0]).toMatchObject({ fields: { waitMs: 7_000 } });
  });

  test.each([
    ['502 Bad Gateway', 'answered 502'],
    ['404 Not Found', 'answered 404 to the WebSocket upgrade'],
    ['200 OK', 'answered 200 to the WebSocket upgrade'],
  ])('because it answers %s is reported so', async (status, words) => {
    const venue = await aVenue();
    venue.refusal = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
    const { log } = aSession(venue.url);
    await log.until(() => log.of('warn').length === 1);
    expect(log.of('warn')[0]?.sentence).toContain(words);
  });

  test.each(['', 'not a url', 'https://venue.invalid/ws/market', 'ws://venue.invalid/ws/market#part'])(
    'because its address is %j is refused at once',
    (url) => {
      const options = { url, tokenIds: [], handler: new RecordingHandler(), log: new RecordingLog() };
      expect(() => new MarketSession(options)).toThrow(RangeError);
    },
  );
});

/** Spies on timers of at most this many milliseconds: the waits between two attempts. */
function waitsOfAtMost(ms: number): () => number[] {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => spy.mockRestore());
  return () => spy.mock.calls.map(([, waitMs]) => waitMs ?? 0).filter((waitMs) => waitMs > 0 && waitMs <= ms);
}
