import { errorAdvice, type Logger } from './logger.ts';

/**
 * An error that reaches the top of main.ts ends the process with exit code 1 and one line: what happened, and what a
 * person can do about it. Nothing is retried here; the supervisor starts the process again. What a stop interrupted
 * while the service was still starting is no error.
 */
export function endOnFatalError(log: Logger, stop: AbortSignal): void {
  process.on('uncaughtException', (error: Error & { disposition?: string }) => {
    if (stop.aborted && (error === stop.reason || error.name === 'AbortError')) {
      log.info({}, 'Stopped before it had begun.');
      process.exit(0);
    }
    const isExpected = error.disposition !== undefined;
    log.error(isExpected ? {} : { err: error }, errorAdvice(error));
    process.exit(1);
  });
}
