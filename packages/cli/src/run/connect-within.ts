import { type Log, silentLog } from '@polytape/resilience';
import { CommandError } from '../command-error.ts';

/**
 * Connects to a server within 5 s. The clients would keep trying, and report the reason only in their log: it goes into
 * the error message here.
 *
 * @param o.refusal Builds the error message from the time limit and the last cause.
 * @throws {CommandError} The server did not answer in time.
 */
export async function connectWithin<T>(
  connect: (with_: { log: Log; signal: AbortSignal }) => Promise<T>,
  o: { refusal: (seconds: number, cause: string) => string; stop?: AbortSignal },
): Promise<T> {
  let cause = 'no answer';
  const log: Log = {
    ...silentLog,
    warn: (fields, sentence) => {
      cause = 'cause' in fields ? String(fields.cause) : sentence;
    },
  };
  const late = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    return await connect({ log, signal: o.stop === undefined ? late : AbortSignal.any([o.stop, late]) });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new CommandError(o.refusal(ANSWER_MS_MAX / 1_000, cause));
  }
}

const ANSWER_MS_MAX = 5_000;
