import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { configurationMistake, type DatabaseAddress, type OwnClient, openClient } from '../connection.ts';

/**
 * The right to write a stream, held by its own connection for as long as that lives. Two writers at once would still store
 * nothing twice (the position moves by compare-and-set); they would only waste each other's work.
 */
export type StreamLock = AsyncDisposable & {
  /** Aborts when the connection is closed or unresponsive, which loses the lock. */
  lost: AbortSignal;
};

export type StreamLockOptions = {
  signal: AbortSignal;
  /** Called when another session holds the lock: from then on we stand by. */
  onWaiting?: () => void;
};

/**
 * Waits until no other session holds the lock of this stream.
 *
 * @throws {DatabaseConfigurationError} A person must act.
 * @throws The reason of `signal` when it aborts. Any other error: the server cannot be reached, or does not answer.
 */
export async function lockStream(
  stream: string,
  options: StreamLockOptions & { address: DatabaseAddress; applicationName: string },
): Promise<StreamLock> {
  const { address, signal } = options;
  const applicationName = `${options.applicationName} lock ${stream}`;
  try {
    const own = await openClient(address, { applicationName, signal, answerMsMax: ANSWER_MS_MAX });
    try {
      await waitForLock(own, stream, options);
      return await heldLock(own, stream);
    } catch (error) {
      await own.close();
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    const mistake = configurationMistake(error, address.host);
    throw mistake ?? new Error(`cannot get the lock of a stream from PostgreSQL at ${address.host}`, { cause: error });
  }
}

/**
 * Waits in the server's queue, so that the next writer takes over at once. The wait is renewed every few seconds: a
 * statement that waits for hours would keep the server from removing dead rows, and a connection that died silently would
 * stay in the queue.
 */
async function waitForLock({ client, close }: OwnClient, stream: string, o: StreamLockOptions): Promise<void> {
  const leave = () => void close();
  o.signal.addEventListener('abort', leave, { once: true });
  try {
    await client.query(`SET lock_timeout = ${WAIT_MS_MAX}; SET idle_session_timeout = 0`);
    const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`, [
      stream,
    ]);
    if (rows[0]?.locked) return;
    o.onWaiting?.();
    for (;;) {
      o.signal.throwIfAborted();
      try {
        await client.query(`SELECT pg_advisory_lock(${LOCK})`, [stream]);
        return;
      } catch (error) {
        if (!(error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error;
      }
    }
  } finally {
    o.signal.removeEventListener('abort', leave);
  }
}

/**
 * Keeps the lock with a sign of life every few seconds. A frozen process keeps its connection, because the kernel answers
 * for it, and would keep the lock: so the server ends a session that is silent for too long. A holder that gets no answers
 * gives the lock up before that.
 */
async function heldLock({ client, close }: OwnClient, stream: string): Promise<StreamLock> {
  const lost = new AbortController();
  const released = new AbortController();
  const lose = (why: string) => lost.abort(new Error(`the connection that held the lock of stream ${stream} ${why}`));
  const onEnd = () => lose('was closed');
  client.once('end', onEnd);
  await client.query(`SET idle_session_timeout = ${SILENCE_MS_MAX}`);
  const giveSignsOfLife = async () => {
    for (;;) {
      await sleep(SIGN_OF_LIFE_MS, undefined, { signal: released.signal });
      await client.query('SELECT 1').catch(() => lose('is silent'));
    }
  };
  const signs = giveSignsOfLife().catch(() => {}); // released
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      released.abort();
      client.off('end', onEnd);
      await close();
      await signs;
    },
  };
}

const LOCK = "hashtextextended('polytape stream ' || $1, 0)";
const WAIT_MS_MAX = 2_000;
const ANSWER_MS_MAX = 5_000;
const SIGN_OF_LIFE_MS = 4_000;
/** Longer than a sign of life and the wait for its answer. After this, a standby takes over from a frozen writer. */
const SILENCE_MS_MAX = 15_000;
const LOCK_NOT_AVAILABLE = '55P03';
