import { createInbox, errors, type Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { translateFailure } from '../connection/translate-failure.ts';
import { BusUnavailableError, NoAnswerError } from '../errors.ts';

export type RequestOptions = { timeoutMs: number; signal: AbortSignal };

export type RequestAllOptions<T> = {
  /** Longest wait for answers. */
  waitMs: number;
  /** The wait ends when no answer followed the last one for this long. */
  stallMs: number;
  /** False while an answer is known to be missing: then the wait goes on in spite of `stallMs`. */
  isComplete?: (answers: readonly T[]) => boolean;
  signal: AbortSignal;
};

/** See `Bus.request`. */
export async function request<T>(
  connection: Connection,
  subject: string,
  body: unknown,
  { timeoutMs, signal }: RequestOptions,
): Promise<T> {
  let first: { answer: T } | null = null;
  await ask(connection, subject, body, {
    ...{ waitMs: timeoutMs, signal },
    onAnswer: (message, enough) => {
      first ??= { answer: message.json<T>() };
      enough();
    },
  });
  if (first === null) throw new NoAnswerError(subject, 'too_late');
  return (first as { answer: T }).answer;
}

/** See `Bus.requestAll`. */
export async function requestAll<T>(
  connection: Connection,
  subject: string,
  body: unknown,
  { waitMs, stallMs, isComplete = () => true, signal }: RequestAllOptions<T>,
): Promise<T[]> {
  const answers: T[] = [];
  let stall: NodeJS.Timeout | undefined;
  const onAnswer = (message: Msg, enough: () => void) => {
    answers.push(message.json<T>());
    clearTimeout(stall);
    stall = setTimeout(() => {
      if (isComplete(answers)) enough();
    }, stallMs);
  };
  try {
    await ask(connection, subject, body, { waitMs, signal, onAnswer });
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
  } finally {
    clearTimeout(stall);
  }
  return answers;
}

/** Publishes the request and hands out the answers until `enough` is called or the time is over. */
async function ask(
  connection: Connection,
  subject: string,
  body: unknown,
  o: { waitMs: number; signal: AbortSignal; onAnswer: (message: Msg, enough: () => void) => void },
): Promise<void> {
  const untilMs = performance.now() + o.waitMs;
  await connected(connection, o);
  const { promise: over, resolve: enough, reject: fail } = Promise.withResolvers<void>();
  const onAbort = () => fail(o.signal.reason);
  const inbox = createInbox();
  const subscription = connection.nats.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) return fail(translateFailure(error, subject));
      if (message.headers?.code === NO_RESPONDERS && message.data.length === 0) {
        return fail(new NoAnswerError(subject, 'nobody_serves'));
      }
      try {
        o.onAnswer(message, enough);
      } catch (cause) {
        fail(new Error(`an answer on ${subject} is not JSON`, { cause }));
      }
    },
  });
  const timer = setTimeout(enough, Math.max(0, untilMs - performance.now()));
  o.signal.addEventListener('abort', onAbort, { once: true });
  try {
    connection.nats.publish(subject, JSON.stringify(body), { reply: inbox });
    await over;
  } catch (error) {
    throw error instanceof errors.ClosedConnectionError ? translateFailure(error, subject) : error;
  } finally {
    clearTimeout(timer);
    o.signal.removeEventListener('abort', onAbort);
    subscription.unsubscribe();
  }
}

async function connected(connection: Connection, o: { waitMs: number; signal: AbortSignal }): Promise<void> {
  const late = AbortSignal.timeout(o.waitMs);
  try {
    await connection.whenConnected(AbortSignal.any([o.signal, late]));
  } catch (error) {
    o.signal.throwIfAborted();
    throw late.aborted ? new BusUnavailableError('the connection to NATS is interrupted', { cause: error }) : error;
  }
}

/** Status of the server's own answer when nobody subscribes to the subject. */
const NO_RESPONDERS = 503;
