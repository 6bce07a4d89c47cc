/**
 * A batch holds a value that the database refuses (SQLSTATE classes 22, 23 and 54) or that cannot be written at all, and
 * would refuse again. Nothing of the batch is stored. The caller halves it until the one message is found.
 */
export class BatchRejectedError extends Error {
  override readonly name = 'BatchRejectedError';
  readonly disposition = 'dead-letter';
  readonly operatorAction =
    'Look at the message in the table dead_letters; mend its source or the schema, then replay.';

  /** @param reason What was refused, fit for the column `dead_letters.reason`. */
  constructor(reason: string, options: { cause: unknown }) {
    super(`the database refuses the batch: ${reason}`, options);
  }
}
