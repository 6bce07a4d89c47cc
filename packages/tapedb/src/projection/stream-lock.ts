import type { Log } from '@polytape/types';
import { DatabaseError } from 'pg';
import { type DatabaseAddress, type OwnClient, openClient, untilReachable } from '../connection.ts';

/**
 * The right to write a stream, held by a connection of its own for as long as that lives. Two writers at once would
 * still store nothing twice (the position is moved by compare-and-set); they would only undo each other's work.
 */
export type StreamLock = AsyncDisposable & {
  /** Aborts when the connection is gone, and the lock with it. */
  lost: AbortSignal;
};

/**
 * Waits until nobody else holds the lock of this stream, and through outages of the server.
 *
 * @throws The reason of `signal` when it aborts.
 */
export async function lockStream(
  stream: string,
  options: { address: DatabaseAddress; applicationName: string; log: Log; signal: AbortSignal },
): Promise<StreamLock> {
  const { address, log, signal } = options;
  return untilReachable(
    async () => {
      const own = await openClient(address, { applicationName: `${options.applicationName} lock ${stream}`, signal });
      try {
        await waitForLock(own, stream, signal);
        return await heldLock(own, stream);
      } catch (error) {
        await own.close();
        throw error;
      }
    },
    { host: address.host, log, signal },
  );
}

/**
 * The wait is a queue in the server, so the next writer takes over at once. It is renewed every few seconds: a
 * statement that waits for hours would keep the server from clearing away dead rows all that time, and a connection
 * that died unseen would stay in the queue.
 */
async function waitForLock({ client, close }: OwnClient, stream: string, signal: AbortSignal): Promise<void> {
  const leave = () => void close();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.query(`SET lock_timeout = ${WAIT_MS_MAX}; SET idle_session_timeout = 0`);
    for (;;) {
      signal.throwIfAborted();
      try {
        await client.query("SELECT pg_advisory_lock(hashtextextended('polytape stream ' || $1, 0))", [stream]);
        return;
      } catch (error) {
        if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
      }
    }
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/**
 * The lock, kept by a sign of life every few seconds. A process that is frozen keeps its connection, for the kernel
 * answers for it, and would keep the lock with it: so the server ends a session that has been silent for too long.
 */
async function heldLock({ client, close }: OwnClient, stream: string): Promise<StreamLock> {
  const lost = new AbortController();
  const onEnd = () => lost.abort(new Error(`the connection that held the lock of stream ${stream} is gone`));
  client.once('end', onEnd);
  await client.query(`SET idle_session_timeout = ${SILENCE_MS_MAX}`);
  const signOfLife = setInterval(() => void client.query('SELECT 1').catch(() => {}), SIGN_OF_LIFE_MS); // `end` tells
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: () => {
      clearInterval(signOfLife);
      client.off('end', onEnd);
      return close();
    },
  };
}

const WAIT_MS_MAX = 2_000;
const SIGN_OF_LIFE_MS = 4_000;
/** Three signs of life may be late; a writer that stands by takes over after this. */
const SILENCE_MS_MAX = 15_000;
const LOCK_NOT_AVAILABLE = '55P03';
