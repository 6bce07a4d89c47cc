import { Fifo } from './fifo.ts';

/** What `HeldMessages` needs to know of a message. */
export type Holdable = {
  /** Number in the order of taking. */
  key: number;
  body: Uint8Array;
  /** When it was acknowledged, by the monotonic clock. */
  acknowledgedMs: number;
};

/**
 * Acknowledged messages that the broker may not have synced to disk yet.
 *
 * nats-server syncs its streams every `sync_interval`, so a message is on disk once the server that acknowledged it has worked
 * on for longer than that. Only an answer to something that was sent that much later proves it. A clock proves nothing: a connection
 * to a machine that lost its power looks healthy for half a minute.
 */
export class HeldMessages<M extends Holdable> {
  readonly #streams = new Map<string, HeldInStream<M>>();
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Body bytes of the held messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param sequence Where the broker has stored the message; null when it already had it. */
  hold(message: M, o: { stream: string; sequence: number | null; nowMs: number }): void {
    const held = this.#in(o.stream);
    if (o.sequence !== null) held.lastSequence = o.sequence;
    message.acknowledgedMs = o.nowMs;
    held.messages.push(message);
    this.#count += 1;
    this.#bytes += message.body.length;
  }

  /** Whether the stream ends before a message that it has acknowledged, if `lastSequence` is its last one now. */
  hasLostTail(stream: string, lastSequence: number): boolean {
    return lastSequence < this.#in(stream).lastSequence;
  }

  /** The stream has answered to something sent at `sentMs`: forgets what it acknowledged `holdMs` before that or earlier. */
  settle(stream: string, sentMs: number, holdMs: number): void {
    const { messages } = this.#in(stream);
    for (let oldest = messages.peek(); oldest !== undefined; oldest = messages.peek()) {
      if (oldest.acknowledgedMs + holdMs > sentMs) return;
      messages.shift();
      this.#count -= 1;
      this.#bytes -= oldest.body.length;
    }
  }

  /** The streams whose oldest held message was acknowledged before `beforeMs`. */
  *streamsHolding(beforeMs: number): Iterable<string> {
    for (const [stream, { messages }] of this.#streams) {
      const oldest = messages.peek();
      if (oldest !== undefined && oldest.acknowledgedMs <= beforeMs) yield stream;
    }
  }

  /** Hands out what is held of one stream, or of all, in the order of taking. What the stream's last sequence was is forgotten. */
  take(stream?: string): M[] {
    const taken: M[] = [];
    for (const [name, { messages }] of this.#streams) {
      if (stream !== undefined && name !== stream) continue;
      for (let next = messages.shift(); next !== undefined; next = messages.shift()) {
        taken.push(next);
        this.#bytes -= next.body.length;
      }
      this.#streams.delete(name);
    }
    this.#count -= taken.length;
    return taken.sort((a, b) => a.key - b.key);
  }

  #in(stream: string): HeldInStream<M> {
    let held = this.#streams.get(stream);
    if (held === undefined) {
      held = { messages: new Fifo(), lastSequence: 0 };
      this.#streams.set(stream, held);
    }
    return held;
  }
}

type HeldInStream<M> = {
  /** In the order of their acknowledgements. */
  messages: Fifo<M>;
  /** The highest acknowledged sequence of this publisher's own messages. */
  lastSequence: number;
};
