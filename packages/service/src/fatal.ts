import { errorAdvice, type Logger } from './logger.ts';
import type { Stop } from './stop.ts';

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
