import type { StreamMessage } from '@polytape/bus';
import type { Loss } from '@polytape/tapedb';

/** The end of a stream that the broker lost after this database had stored it, and that the publishers send again. */
export class RewrittenTail {
  /** The loss if they do not. */
  readonly loss: Omit<Loss, 'kind'> & { from: NonNullable<Loss['from']> };
  readonly #complete = new AbortController();

  constructor(loss: RewrittenTail['loss']) {
    this.loss = loss;
  }

  /** Aborted once the last message that the database had stored has come again. */
  get complete(): AbortSignal {
    return this.#complete.signal;
  }

  /** Looks for that message among those read since. */
  look(messages: readonly StreamMessage[]): void {
    const { messageId } = this.loss.from;
    if (messageId === null || this.complete.aborted) return;
    if (messages.some((message) => message.messageId === messageId)) this.#complete.abort();
  }
}
