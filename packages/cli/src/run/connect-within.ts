import { type Log, silentLog } from '@polytape/types';
import { CommandError } from '../command-error.ts';

/**
 * Connects to a server for a person who waits. The clients keep trying a server that is away, and only their log says why.
 *
 * @param o.refusal Makes the message of the error out of the seconds that were waited and the last cause.
 * @throws {CommandError} It did not answer in time.
 */
export async function connectWithin<T>(
  connect: (with_: { log: Log; signal: AbortSignal }) => Promise<T>,
  o: { refusal: (seconds: number, cause: string) => string; stop?: AbortSignal },
): Promise<T> {
  let cause = 'nothing came back';
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
