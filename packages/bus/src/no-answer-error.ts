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
