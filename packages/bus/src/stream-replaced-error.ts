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
