import { isVenueError, VenueAnswerError, type VenueError, VenueRefusedError } from '../venue-errors.ts';

/** A batch without an answer. It does not affect the others. */
export type FailedBatch = { failed: { ids: string[]; error: VenueError } };

/**
 * Requests many ids in batches, several at a time, and yields each answer as it comes. Yields a failed batch and continues
 * with the others. A batch that the venue refuses as a request (one id may be bad, or it is too long) is requested again in
 * halves. Leaving the generator early aborts the running requests.
 *
 * @throws {VenueRefusedError} At once: the venue would refuse the other batches too.
 * @throws {VenueError} `FAILURES_IN_A_ROW_MAX` batches failed in a row, so the host is away. The last error.
 * @throws The signal's reason, when it aborts.
 */
export async function* inBatches<Answer>(
  ids: readonly string[],
  options: {
    idsMax: number;
    atOnceMax: number;
    signal: AbortSignal;
    ask: (ids: string[], signal: AbortSignal) => Promise<Answer>;
  },
): AsyncGenerator<Answer | FailedBatch, void, undefined> {
  const { idsMax, atOnceMax, signal, ask } = options;
  const waiting = batches([...new Set(ids)], idsMax);
  const running = new Set<Promise<Ended<Answer>>>();
  const ending = new AbortController();
  const abort = () => ending.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  let failuresInARow = 0;
  let halvingsLeft = HALVINGS_MAX;
  try {
    while (waiting.length > 0 || running.size > 0) {
      while (waiting.length > 0 && running.size < atOnceMax) start(waiting.shift() ?? []);
      const ended = await Promise.race(running);
      running.delete(ended.promise);
      signal.throwIfAborted();
      if ('answer' in ended) {
        failuresInARow = 0;
        yield ended.answer;
        continue;
      }
      const { error } = ended;
      if (!isVenueError(error) || error instanceof VenueRefusedError) throw error;
      if (isRefusedRequest(error) && ended.ids.length > 1 && halvingsLeft > 0) {
        halvingsLeft -= 1;
        waiting.unshift(...batches(ended.ids, Math.ceil(ended.ids.length / 2)));
        continue;
      }
      failuresInARow += error.disposition === 'retry' ? 1 : 0;
      yield { failed: { ids: ended.ids, error } };
      if (failuresInARow >= FAILURES_IN_A_ROW_MAX) throw error;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    ending.abort(new DOMException('no longer wanted', 'AbortError'));
  }

  function start(batch: string[]): void {
    const promise: Promise<Ended<Answer>> = ask(batch, ending.signal).then(
      (answer) => ({ promise, answer }),
      (error: unknown) => ({ promise, ids: batch, error }),
    );
    running.add(promise);
  }
}

type Ended<Answer> =
  | { promise: Promise<Ended<Answer>>; answer: Answer }
  | { promise: Promise<Ended<Answer>>; ids: string[]; error: unknown };

function batches(ids: readonly string[], idsMax: number): string[][] {
  const count = Math.ceil(ids.length / idsMax);
  return Array.from({ length: count }, (_, index) => ids.slice(index * idsMax, (index + 1) * idsMax));
}

/** A malformed or too long request, not a missing route. */
function isRefusedRequest(error: VenueError): boolean {
  return error instanceof VenueAnswerError && error.status !== null && [400, 413, 422].includes(error.status);
}

/** After this many failed batches in a row the host counts as away. */
const FAILURES_IN_A_ROW_MAX = 3;
/** Per run: enough for a few bad ids at eight halvings each, but bounded for a route that refuses everything. */
const HALVINGS_MAX = 40;
