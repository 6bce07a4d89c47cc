import { errorAdvice, type Logger } from './logger.ts';

/** The stop of a process. `signal` aborts once, when the stop begins; code with work to finish registers it with `unfinished`. */
export type Stop = {
  /** On abort: take no more work, finish the work in hand, then release everything. */
  readonly signal: AbortSignal;
  /**
   * Registers work that a stop waits for. Dispose of the registration once the work is done.
   *
   * @param describe Describes the remaining work if the process has to exit before; null if nothing remains.
   */
  unfinished(describe: () => string | null): Disposable;
  /**
   * Ends the process with exit code 1 when `gone` resolves with an error, because a resource it needs is lost. Undefined
   * means that the process closed the resource itself.
   */
  endWith(gone: Promise<Error | undefined>, sentence: string): void;
  /**
   * Ends the process with this exit code: at once, or with an ordinary stop while work is registered.
   *
   * @param cause Cause of the end, for the log.
   */
  end(exitCode: 0 | 1, cause: string): void;
};

/**
 * Stops the process on SIGTERM or SIGINT. A second signal, or the deadline, ends it at once with exit code 1 and a log line
 * about the unfinished work.
 */
export function stopOnSignal(o: { deadlineMs: number; log: Logger }): Stop {
  const controller = new AbortController();
  const descriptions = new Set<() => string | null>();
  let isSignalled = false;

  const endNow = (why: string): void => {
    const unfinished = [...descriptions].map((describe) => describe()).filter((text) => text !== null);
    o.log.error({ unfinished }, `${why} Exiting now; unfinished: ${unfinished.join(', ') || 'nothing'}.`);
    process.exit(1);
  };
  const begin = (cause: string): void => {
    if (controller.signal.aborted) return;
    o.log.info({ cause, deadlineMs: o.deadlineMs }, 'Stopping once in-flight work is finished.');
    setTimeout(() => endNow(`Did not stop within ${o.deadlineMs} ms of ${cause}.`), o.deadlineMs).unref();
    controller.abort(new StoppedError(cause));
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (isSignalled) endNow(`Second signal (${name}).`);
    isSignalled = true;
    if (controller.signal.aborted) o.log.info({ signal: name }, 'Already stopping.');
    begin(name);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  // The other end of an IPC channel is our supervisor. When it dies in any way, we have to stop by ourselves.
  process.once('disconnect', () => onSignal('SIGTERM'));
  process.channel?.unref(); // the channel alone must not keep the process alive

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
 * Ends the process with exit code 1 after an uncaught error: one that reached the top of main.ts, or was thrown in an event,
 * a timer or a promise. One log line says what happened and what a person can do about it. Work in hand is finished first,
 * within the deadline of a stop. Nothing is retried here; the supervisor restarts the process.
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
    // During the stop the same error may recur with every frame.
    if (sentence !== lastSentence) log.error(disposition === undefined ? { err: error } : {}, sentence);
    lastSentence = sentence;
    stop.end(1, 'an uncaught error');
  });
}

/** The original error, if releasing resources failed as a consequence. */
function firstOf(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof SuppressedError && error.suppressed instanceof Error) error = error.suppressed;
  return error;
}

/** Reason of the abort: a signal or an uncaught error. */
class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(cause: string) {
    super(`stopped by ${cause}`);
  }
}
