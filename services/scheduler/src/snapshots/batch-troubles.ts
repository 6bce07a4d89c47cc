import type { BadRow, FailedBatch, VenueError } from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';
import { OutageNotice } from '@polytape/types';

/** Errors in a round that do not end it: counted, and each reason logged once a minute. */
export class BatchTroubles {
  readonly #log: Logger;
  readonly #job: string;
  readonly #notice = new OutageNotice();

  constructor(options: { log: Logger; job: string }) {
    this.#log = options.log;
    this.#job = options.job;
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
    const { say } = this.#notice.failed(cause, performance.now());
    this.#log[say ? 'warn' : 'debug'](
      { job: this.#job, ids: ids.length },
      `The venue did not answer for ${ids.length} ids: ${cause}.`,
    );
    return ids.length;
  }

  #bad(rows: readonly BadRow[]): number {
    for (const { id, reason, raw } of rows) {
      const { say } = this.#notice.failed(reason, performance.now());
      this.#log[say ? 'warn' : 'debug'](
        { job: this.#job, id, raw },
        `Skipped an unusable part of an answer: ${reason}.`,
      );
    }
    return rows.length;
  }
}
