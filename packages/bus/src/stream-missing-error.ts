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
