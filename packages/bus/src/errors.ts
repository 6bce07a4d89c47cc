/** A key of a bucket holds no JSON, or a value that its reader cannot use: some other program or a person wrote it. */
export class BadValueError extends Error {
  override readonly name = 'BadValueError';
  readonly disposition = 'stop';
  readonly operatorAction: string;
  /** Revision of the bad value; the key can be overwritten with it. */
  readonly revision: number;

  constructor(bucket: string, key: string, o: { fault: string; revision: number; cause: unknown }) {
    super(`Key ${key} of bucket ${bucket} ${o.fault}`, { cause: o.cause });
    this.revision = o.revision;
    this.operatorAction = `Look at it with: nats kv get ${bucket} ${key}. Delete it if nobody needs it.`;
  }
}

/**
 * The settings, or the server that they point to, cannot work: a person must act, a retry does not help. The message is
 * one sentence that names the setting and the remedy; it never contains the password.
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
 * The NATS user of NATS_URL lacks a permission. A retry helps once somebody grants it, or another process with the
 * permission has done the work.
 */
export class BusPermissionError extends Error {
  override readonly name = 'BusPermissionError';
  readonly disposition = 'retry';
  readonly operatorAction: string;
  /** The NATS subject that was refused. */
  readonly subject: string;

  constructor(subject: string, cause: unknown) {
    super(`NATS denies our user permission to use ${subject}`, { cause });
    this.subject = subject;
    this.operatorAction = `Allow the user of NATS_URL to publish to ${subject}, or run a service that may.`;
  }
}

/** NATS cannot be reached, does not answer in time, or has no leader at the moment. The same request may succeed later. */
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
  readonly disposition = 'retry';
}

/** The error of every request on a connection that is closed for good. */
export function connectionClosed(cause?: unknown): BusUnavailableError {
  return new BusUnavailableError('the connection to NATS is closed', { cause });
}

/** A request was not answered: nobody serves the subject (`nobody_serves`, known at once), or it took too long (`too_late`). */
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

/** The key was written since the revision that we read. Read it again, then decide again. */
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

/** The stream, or the stream behind a bucket, does not exist yet. `reconcile` of a service with the permission creates it. */
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
 * The stream is no longer the one that we were reading: it was recreated, restored from a backup, or lost its tail.
 * Its sequences stand for other messages now. Read the position again and decide where to continue.
 */
export class StreamReplacedError extends Error {
  override readonly name = 'StreamReplacedError';
  readonly disposition = 'retry';
  readonly stream: string;
  /** The last sequence that we knew; the server's stream does not continue from it. */
  readonly sequence: number;

  constructor(stream: string, sequence: number, reason: string) {
    super(`stream ${stream} does not continue from message ${sequence}: ${reason}`);
    this.stream = stream;
    this.sequence = sequence;
  }
}
