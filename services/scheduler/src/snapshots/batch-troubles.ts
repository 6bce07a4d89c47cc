import type { BadRow, FailedBatch, VenueError } from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';
import { OutageNotice } from '@polytape/types';

/** What went wrong in a round without ending it: counted, and said once a minute for each reason. */
export class BatchTroubles {
  readonly #log: Logger;
  readonly #job: string;
  readonly #notice = new OutageNotice();

  constructor(options: { log: Logger; job: string }) {
    this.#log = options.log;
    this.#job = options.job;
  }

  /**
   * Hands the batches that were answered to `take`, one after the other. @returns How many ids were not answered for, and
   * rows of no use.
   *
   * @throws {VenueError} No batch was answered.
   * @throws What `take` throws, and what reading on throws.
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
    this.#log[say ? 'warn' : 'debug']({ job: this.#job, ids: ids.length }, `A batch was not answered: ${cause}.`);
    return ids.length;
  }

  #bad(rows: readonly BadRow[]): number {
    for (const { id, reason, raw } of rows) {
      const { say } = this.#notice.failed(reason, performance.now());
      this.#log[say ? 'warn' : 'debug']({ job: this.#job, id, raw }, `A part of an answer was passed over: ${reason}.`);
    }
    return rows.length;
  }
}
