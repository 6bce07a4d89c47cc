import type { Logger } from './logger.ts';

/** A stop that was asked for: `signal` aborts once; whoever still has work says so with `unfinished`. */
export type Stop = {
  /** First take no more work, then finish what was taken, then let go. */
  readonly signal: AbortSignal;
  /** Registers what to name when the process has to end before it is done; null means that nothing is left. */
  unfinished(describe: () => string | null): void;
  /**
   * What the process rests on: when it is gone for good, with the error of that, and no stop was asked for, the process ends
   * with exit code 1. Undefined says that the process let go of it itself: then it ends by what made it do so.
   */
  endWith(gone: Promise<Error | undefined>, sentence: string): void;
};

/**
 * SIGTERM or SIGINT asks the process to stop; a second one, or the deadline, ends it at once with exit code 1 and a
 * line that names what was unfinished.
 */
export function stopOnSignal(o: { deadlineMs: number; log: Logger }): Stop {
  const controller = new AbortController();
  const descriptions: (() => string | null)[] = [];

  const endNow = (why: string): void => {
    const unfinished = descriptions.map((describe) => describe()).filter((text) => text !== null);
    o.log.error({ unfinished }, `${why} Ending at once; unfinished: ${unfinished.join(', ') || 'nothing'}.`);
    process.exit(1);
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      endNow(`Second signal (${name}).`);
      return;
    }
    o.log.info({ signal: name, deadlineMs: o.deadlineMs }, 'Stopping: finishing what was taken in hand.');
    setTimeout(() => endNow(`Not done ${o.deadlineMs} ms after ${name}.`), o.deadlineMs).unref();
    controller.abort(new StoppedError(name));
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  // Started with an IPC channel, its other end is a supervisor. When that dies, however it dies, nobody else will stop us.
  process.once('disconnect', () => onSignal('SIGTERM'));
  process.channel?.unref(); // listening must not keep a process alive that has nothing left to do
  const endWith = (gone: Promise<Error | undefined>, sentence: string): void => {
    void gone.then((error) => {
      if (error !== undefined && !controller.signal.aborted) endNow(sentence);
    });
  };
  return { signal: controller.signal, unfinished: (describe) => descriptions.push(describe), endWith };
}

/** Reason of the abort: a person or the supervisor asked for the end. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(signal: string) {
    super(`stopped by ${signal}`);
  }
}
