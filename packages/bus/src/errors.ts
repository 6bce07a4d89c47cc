/** A key of a bucket holds no JSON, or none that can be used: somebody else writes there, or wrote with other tools. */
export class BadValueError extends Error {
  override readonly name = 'BadValueError';
  readonly disposition = 'stop';
  readonly operatorAction: string;
  /** The key as it is can be overwritten by this. */
  readonly revision: number;

  constructor(bucket: string, key: string, o: { fault: string; revision: number; cause: unknown }) {
    super(`Key ${key} of bucket ${bucket} ${o.fault}`, { cause: o.cause });
    this.revision = o.revision;
    this.operatorAction = `Look at it with: nats kv get ${bucket} ${key}. Delete it if nobody needs it.`;
  }
}

/**
 * The settings or the server behind them can never work as they are: trying again cannot help, a person must act.
 * The message is one sentence that names the setting and the remedy; it never holds the password.
 */
export class BusConfigurationError extends Error {
  override readonly name = 'BusConfigurationError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(sentence: string, operatorAction: string, cause?: unknown) {
    super(`${sentence} ${operatorAction}`, cause === undefined ? undefined : { cause });
    this.operatorAction = operatorAction;
  }
}

/**
 * The user that we are on NATS may not do this. Trying again helps only once somebody has granted the right, or has
 * done the thing in our place.
 */
export class BusPermissionError extends Error {
  override readonly name = 'BusPermissionError';
  readonly disposition = 'retry';
  readonly operatorAction: string;
  /** The NATS subject that was refused. */
  readonly subject: string;

  constructor(subject: string, cause: unknown) {
    super(`NATS refused us the right to use ${subject}`, { cause });
    this.subject = subject;
    this.operatorAction = `Allow the user of NATS_URL to publish to ${subject}, or run a service that may.`;
  }
}

/** NATS is away, too slow to answer, or has no leader just now. The same request may succeed later. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
  readonly disposition = 'retry';
}

/** The failure of whatever is asked of a connection that was closed for good. */
export function connectionClosed(cause?: unknown): BusUnavailableError {
  return new BusUnavailableError('the connection to NATS is closed', { cause });
}

/**
 * Nobody has answered a request: either nobody serves the subject (`nobody_serves`, known at once), or whoever does took
 * too long (`too_late`).
 */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly disposition = 'retry';
  readonly subject: string;
  readonly reason: 'nobody_serves' | 'too_late';

  constructor(subject: string, reason: NoAnswerError['reason'], cause?: unknown) {
    const what = reason === 'nobody_serves' ? 'nobody answers' : 'no answer came in time';
    super(`${what} on ${subject}`, cause === undefined ? {} : { cause });
    this.subject = subject;
    this.reason = reason;
  }
}

/** Somebody else wrote the key since the revision that we had read: read it again, then decide anew. */
export class RevisionConflictError extends Error {
  override readonly name = 'RevisionConflictError';
  readonly disposition = 'retry';
  readonly bucket: string;
  readonly key: string;

  constructor(bucket: string, key: string, cause: unknown) {
    super(`Key ${key} of bucket ${bucket} was written by somebody else`, { cause });
    this.bucket = bucket;
    this.key = key;
  }
}

/** The stream (or the bucket's stream) does not exist yet; `reconcile` of a service with the right to do so makes it. */
export class StreamMissingError extends Error {
  override readonly name = 'StreamMissingError';
  readonly disposition = 'retry';
  readonly stream: string;

  constructor(stream: string, cause?: unknown) {
    super(`Stream ${stream} does not exist`, cause === undefined ? undefined : { cause });
    this.stream = stream;
  }
}

/**
 * The stream is no longer the one that we were reading: deleted and made anew, restored from a backup, or its tail was
 * lost. Sequences mean something else now. Read the position again, find the last message that both sides know, and
 * start from there.
 */
export class StreamReplacedError extends Error {
  override readonly name = 'StreamReplacedError';
  readonly disposition = 'retry';
  readonly stream: string;
  /** The last sequence that we knew; the server's stream does not continue it. */
  readonly sequence: number;

  constructor(stream: string, sequence: number, reason: string) {
    super(`Stream ${stream} does not continue our sequence ${sequence}: ${reason}`);
    this.stream = stream;
    this.sequence = sequence;
  }
}
