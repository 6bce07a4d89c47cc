import { type BadRow, type FailedBatch, OutageNotice } from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';

/** What went wrong in a round without ending it: counted, and said once a minute for each reason. */
export class BatchTroubles {
  readonly #log: Logger;
  readonly #job: string;
  readonly #notice = new OutageNotice();

  constructor(options: { log: Logger; job: string }) {
    this.#log = options.log;
    this.#job = options.job;
  }

  /** @returns The ids that were not answered for. */
  failed({ failed: { ids, error } }: FailedBatch): number {
    const cause = errorSentence(error);
    const { say } = this.#notice.failed(cause, performance.now());
    this.#log[say ? 'warn' : 'debug']({ job: this.#job, ids: ids.length }, `A batch was not answered: ${cause}.`);
    return ids.length;
  }

  /** @returns How many there are. */
  bad(rows: readonly BadRow[]): number {
    for (const { id, reason, raw } of rows) {
      const { say } = this.#notice.failed(reason, performance.now());
      this.#log[say ? 'warn' : 'debug']({ job: this.#job, id, raw }, `A part of an answer was passed over: ${reason}.`);
    }
    return rows.length;
  }
}
