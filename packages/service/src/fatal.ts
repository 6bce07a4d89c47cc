import { errorAdvice, type Logger } from './logger.ts';

/**
 * An error that reaches the top of main.ts ends the process with exit code 1 and one line: what happened, and what a
 * person can do about it. Nothing is retried here; the supervisor starts the process again. What a stop interrupted
 * while the service was still starting is no error.
 */
export function endOnFatalError(log: Logger, stop: AbortSignal): void {
  process.on('uncaughtException', (thrown: Error) => {
    const error = firstOf(thrown);
    if (stop.aborted && (error === stop.reason || error.name === 'AbortError')) {
      log.info({}, 'Stopped before it had begun.');
      process.exit(0);
    }
    const isExpected = error.disposition !== undefined;
    log.error(isExpected ? {} : { err: error }, errorAdvice(error));
    process.exit(1);
  });
}

/** What began it, where releasing the resources failed in its turn. */
function firstOf(thrown: Error): Error & { disposition?: string } {
  let error = thrown;
  while (error instanceof SuppressedError && error.suppressed instanceof Error) error = error.suppressed;
  return error;
}
