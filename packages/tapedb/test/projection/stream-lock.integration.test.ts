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

describe('the lock of a stream', () => {
  test('is held by one, and handed on when it is given back', async () => {
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

  test('goes to the next when its holder dies, who is told', async () => {
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
    expect(first.lost.reason).toMatchObject({ message: 'the connection that held the lock of stream TRADES is gone' });
  });

  test('does not stay with a holder that the network cut off: the next gets it, and the holder gives it up', async () => {
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

  test('is not waited for any longer when told to stop', async () => {
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

  test('is not waited for over a connection that has died without a word', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using other = await open(proxy.url);
    await using _held = await opened.database.lockStream('TRADES', forEver);
    const waits = Promise.withResolvers<void>();
    const waiting = other.lockStream('TRADES', { ...forEver, onWaiting: waits.resolve });
    await waits.promise;
    proxy.mute();
    await expect(waiting).rejects.toThrow(/^PostgreSQL at 127.0.0.1:\d+ cannot be asked for a lock$/);
  });

  test('is not waited for while the server is away: who asks is told so at once, and may ask again', async () => {
    await using opened = await openDatabase({ timescale: false });
    await using proxy = await tcpProxy(opened.url);
    await using other = await open(proxy.url);
    const held = await opened.database.lockStream('TRADES', forEver);
    const waiting = expect(other.lockStream('TRADES', forEver)).rejects.toThrow(/cannot be asked for a lock/);
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
