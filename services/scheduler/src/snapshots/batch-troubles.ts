import type { BadRow, FailedBatch, VenueError } from '@polytape/polymarket';
import { FailureLog } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';

/** Errors in a round that do not end it: counted, and each reason logged once a minute. */
export class BatchTroubles {
  readonly #job: string;
  readonly #failures: FailureLog;

  constructor(options: { log: Logger; job: string }) {
    this.#job = options.job;
    this.#failures = new FailureLog(options.log);
  }

  /**
   * Hands the answered batches to `take`, one at a time. @returns The number of ids without an answer plus the number of
   * unusable rows.
   *
   * @throws {VenueError} No batch was answered.
   * @throws as `take` and the iteration.
   */
  async errorsIn<Answer extends { bad: readonly BadRow[] }>(
    batches: AsyncIterable<Answer | FailedBatch>,
    take: (answer: Answer) => Promise<void>,
  ): Promise<number> {
    let errors = 0;
    let answers = 0;
    let failure: VenueError | null = null;
    for await (const batch of batches) {
      if ('failed' in batch) {
        errors += this.#failed(batch);
        failure = batch.failed.error;
        continue;
      }
      answers += 1;
      errors += this.#bad(batch.bad);
      await take(batch);
    }
    if (failure !== null && answers === 0) throw failure;
    return errors;
  }

  #failed({ failed: { ids, error } }: FailedBatch): number {
    const cause = errorSentence(error);
    this.#failures.failed(
      cause,
      { job: this.#job, ids: ids.length },
      `The venue did not answer for ${ids.length} ids: ${cause}.`,
    );
    return ids.length;
  }

  #bad(rows: readonly BadRow[]): number {
    for (const { id, reason, raw } of rows) {
      this.#failures.failed(reason, { job: this.#job, id, raw }, `Skipped an unusable part of an answer: ${reason}.`);
    }
    return rows.length;
  }
}
