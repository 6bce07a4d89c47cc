import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { tcpProxy } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { type OpenDatabase, open, openDatabase } from '../open-database.ts';

const forEver = { signal: new AbortController().signal };

/** Of this database alone: other tests have their own on the same server. */
const WAITING = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Turns until a second writer stands in the server's queue for a lock. */
async function somebodyWaits({ sql }: OpenDatabase): Promise<void> {
  while ((await sql(WAITING)).length === 0) await turn();
}

async function nobodyWaits({ sql }: OpenDatabase): Promise<void> {
  while ((await sql(WAITING)).length > 0) await turn();
}

describe.concurrent('the lock of a stream', () => {
  test('is held by one, and passes on when it is released', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using other = await open(opened.url);
    const first = await opened.database.lockStream('TRADES', forEver);
    const waiting = other.lockStream('TRADES', forEver);
    await somebodyWaits(opened);

    await first[Symbol.asyncDispose]();
    await using second = await waiting;

    expect(first.lost.aborted, 'given back is not lost').toBe(false);
    expect(second.lost.aborted).toBe(false);
  });

  test('hinders no other stream', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using _trades = await opened.database.lockStream('TRADES', forEver);
    await using _markets = await opened.database.lockStream('MARKETS', forEver);
  });

  test('goes to the next when its holder dies, and the holder notices', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using doomed = await open(proxy.url);
    await using first = await doomed.lockStream('TRADES', forEver);
    const lost = once(first.lost, 'abort');
    const waiting = opened.database.lockStream('TRADES', forEver);
    await somebodyWaits(opened);

    proxy.cut();

    await using _second = await waiting;
    await lost;
    expect(first.lost.reason).toMatchObject({
      message: 'the connection that held the lock of stream TRADES was closed',
    });
  });

  test('goes to the next when the network cuts its holder off, and the holder gives it up', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using silenced = await open(proxy.url);
    await using first = await silenced.lockStream('TRADES', forEver);
    const lost = once(first.lost, 'abort');
    const waiting = opened.database.lockStream('TRADES', forEver);
    await somebodyWaits(opened);

    proxy.mute();

    await lost;
    expect(first.lost.reason).toMatchObject({
      message: 'the connection that held the lock of stream TRADES is silent',
    });
    await using _second = await waiting;
  });

  test('is no longer waited for after an abort', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using other = await open(opened.url);
    await using _held = await opened.database.lockStream('TRADES', forEver);
    const stop = new AbortController();
    const waiting = expect(other.lockStream('TRADES', { signal: stop.signal })).rejects.toThrow('stopped');
    await somebodyWaits(opened);
    stop.abort(new Error('stopped'));
    await waiting;
    await nobodyWaits(opened);
  });

  test('is not waited for over a connection that died silently', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using other = await open(proxy.url);
    await using _held = await opened.database.lockStream('TRADES', forEver);
    const waits = Promise.withResolvers<void>();
    const waiting = other.lockStream('TRADES', { ...forEver, onWaiting: waits.resolve });
    await waits.promise;
    proxy.mute();
    await expect(waiting).rejects.toThrow(/^cannot get the lock of a stream from PostgreSQL at 127.0.0.1:\d+$/);
  });

  test('is not waited for while the server is away: asking fails at once, and may be repeated', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using other = await open(proxy.url);
    const held = await opened.database.lockStream('TRADES', forEver);
    const waiting = expect(other.lockStream('TRADES', forEver)).rejects.toThrow(/cannot get the lock/);
    await somebodyWaits(opened);
    proxy.cut();
    await waiting;
    await nobodyWaits(opened);
    const again = other.lockStream('TRADES', forEver);
    await somebodyWaits(opened);
    await held[Symbol.asyncDispose]();
    await using _lock = await again;
  });
});
