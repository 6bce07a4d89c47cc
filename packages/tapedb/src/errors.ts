/**
 * The batch ran into the database's time limit (SQLSTATE 57014) or another configured limit (53400). Nothing of it is
 * stored. It may pass later or in smaller batches.
 */
export class BatchLimitError extends Error {
  override readonly name = 'BatchLimitError';
  readonly disposition = 'retry';
}

/**
 * The batch holds a value that the database refuses, and would refuse again (SQLSTATE classes 22, 23 and 54), or that cannot
 * be written at all. Nothing of the batch is stored. The caller halves it until the message stands alone.
 */
export class BatchRejectedError extends Error {
  override readonly name = 'BatchRejectedError';
  readonly disposition = 'dead-letter';
  readonly operatorAction =
    'Look at the message in the table dead_letters; fix its source or the schema, then replay it.';

  /** @param reason What was refused, for the column `dead_letters.reason`. */
  constructor(reason: string, options: { cause: unknown }) {
    super(`the database refuses the batch: ${reason}`, options);
  }
}

/** The database cannot be used as it is configured; a person must change something, a retry does not help. */
export class DatabaseConfigurationError extends Error {
  override readonly name = 'DatabaseConfigurationError';
  readonly disposition = 'stop';
  /** What to do about it. */
  readonly operatorAction: string;

  /** `what` and `remedy` become one sentence; neither may hold the password. */
  constructor(what: string, remedy: string, options?: { cause?: unknown }) {
    super(`${what}: ${remedy}`, options);
    this.operatorAction = remedy;
  }
}

/**
 * The keys in memory came from another database: this one was restored, recreated or failed over to. Nothing is stored,
 * and the keys are forgotten. The caller reads the position again and continues from there.
 */
export class DatabaseReplacedError extends Error {
  override readonly name = 'DatabaseReplacedError';
  readonly disposition = 'retry';

  constructor() {
    super('the database was restored, recreated or restarted since the last transaction');
  }
}

/**
 * The stream's position in the database is not the one that the caller started from: another writer moved it, or the
 * database was replaced. Nothing is stored. The caller reads the position again and continues from there.
 */
export class PositionConflictError extends Error {
  override readonly name = 'PositionConflictError';
  readonly disposition = 'retry';
  readonly stream: string;

  constructor(stream: string) {
    super(`another writer moved the position of stream ${stream}`);
    this.stream = stream;
  }
}

/** The database's migrations are not those of this code: it would be written to in a shape that it does not have. */
export class SchemaMismatchError extends Error {
  override readonly name = 'SchemaMismatchError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(what: string, remedy: string) {
    super(`${what}: ${remedy}`);
    this.operatorAction = remedy;
  }
}
