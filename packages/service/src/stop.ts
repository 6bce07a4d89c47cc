import { errorAdvice, type Logger } from './logger.ts';

/** How a process ends: `signal` aborts once, when a stop begins; whoever has work to finish registers it with `unfinished`. */
export type Stop = {
  /** First take no more work, then finish what was taken, then let go. */
  readonly signal: AbortSignal;
  /**
   * Registers work that a stop finishes; dispose of the registration when that is done.
   *
   * @param describe Names what is left, for a process that has to end before it is done; null: nothing is left.
   */
  unfinished(describe: () => string | null): Disposable;
  /**
   * Ends the process with exit code 1 when `gone` resolves with an error: the process cannot work without it. Undefined
   * means that the process closed it itself, which ends nothing.
   */
  endWith(gone: Promise<Error | undefined>, sentence: string): void;
  /**
   * Ends the process with this code: at once, or, while work is registered, by an ordinary stop, which has its deadline.
   *
   * @param cause What made it end, for the log.
   */
  end(exitCode: 0 | 1, cause: string): void;
};

/**
 * SIGTERM or SIGINT asks the process to stop; a second one, or the deadline, ends it at once with exit code 1 and a
 * line that names what was unfinished.
 */
export function stopOnSignal(o: { deadlineMs: number; log: Logger }): Stop {
  const controller = new AbortController();
  const descriptions = new Set<() => string | null>();
  let isSignalled = false;

  const endNow = (why: string): void => {
    const unfinished = [...descriptions].map((describe) => describe()).filter((text) => text !== null);
    o.log.error({ unfinished }, `${why} Ending at once; unfinished: ${unfinished.join(', ') || 'nothing'}.`);
    process.exit(1);
  };
  const begin = (cause: string): void => {
    if (controller.signal.aborted) return;
    o.log.info({ cause, deadlineMs: o.deadlineMs }, 'Stopping: finishing what was taken in hand.');
    setTimeout(() => endNow(`Not done ${o.deadlineMs} ms after ${cause}.`), o.deadlineMs).unref();
    controller.abort(new StoppedError(cause));
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (isSignalled) endNow(`Second signal (${name}).`);
    isSignalled = true;
    if (controller.signal.aborted) o.log.info({ signal: name }, 'Already stopping.');
    begin(name);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  // Started with an IPC channel, its other end is a supervisor. When that dies, however it dies, nobody else will stop us.
  process.once('disconnect', () => onSignal('SIGTERM'));
  process.channel?.unref(); // listening must not keep a process alive that has nothing left to do

  return {
    signal: controller.signal,
    unfinished(describe) {
      descriptions.add(describe);
      return { [Symbol.dispose]: () => descriptions.delete(describe) };
    },
    endWith(gone, sentence) {
      void gone.then((error) => {
        if (error !== undefined && !controller.signal.aborted) endNow(sentence);
      });
    },
    end(exitCode, cause) {
      process.exitCode ||= exitCode;
      if (descriptions.size === 0) process.exit();
      begin(cause);
    },
  };
}

/**
 * Ends the process with exit code 1 when an error reaches the top of main.ts, or when nobody catches one that an event, a
 * timer or a promise threw. One line says what happened and what a person can do about it. Work in hand is finished first,
 * within the deadline of a stop. Nothing is retried here; the supervisor starts the process again.
 */
export function endOnFatalError(log: Logger, stop: Stop): void {
  let lastSentence = '';
  process.on('uncaughtException', (thrown: unknown) => {
    const error = firstOf(thrown);
    const { name, disposition } = Object(error) as { name?: string; disposition?: string };
    if (stop.signal.aborted && (error === stop.signal.reason || name === 'AbortError')) {
      stop.end(0, 'a stop');
      return;
    }
    const sentence = errorAdvice(error);
    // While the work is finished the same error may come again with every frame.
    if (sentence !== lastSentence) log.error(disposition === undefined ? { err: error } : {}, sentence);
    lastSentence = sentence;
    stop.end(1, 'an error that nobody caught');
  });
}

/** The error that began it, where releasing the resources failed in its turn. */
function firstOf(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof SuppressedError && error.suppressed instanceof Error) error = error.suppressed;
  return error;
}

/** Reason of the abort: a person or the supervisor asked for the end, or an error that nobody caught made it necessary. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(cause: string) {
    super(`stopped by ${cause}`);
  }
}
