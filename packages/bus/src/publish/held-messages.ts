import { Fifo } from './fifo.ts';
import type { Outgoing } from './outgoing.ts';

/**
 * Acknowledged messages that the broker may not have synced to disk yet, by stream.
 *
 * nats-server syncs its streams every `sync_interval`, so a message is on disk once the server that acknowledged it has worked
 * on for longer than that. Only the answer to a question that was asked that much later proves it. A clock proves nothing: a
 * connection to a machine that lost its power looks healthy for half a minute.
 */
export class HeldMessages {
  readonly #streams = new Map<string, HeldInStream>();
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  /** Memory that the held messages take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param o.sequence Where the stream has the message. */
  hold(message: Outgoing, o: { stream: string; sequence: number; nowMs: number }): void {
    let held = this.#streams.get(o.stream);
    if (held === undefined) {
      held = { messages: new Fifo(), lastSequence: 0, lastMessageId: '' };
      this.#streams.set(o.stream, held);
    }
    if (o.sequence > held.lastSequence) {
      held.lastSequence = o.sequence;
      held.lastMessageId = message.messageId;
    }
    message.acknowledgedMs = o.nowMs;
    held.messages.push(message);
    this.#count += 1;
    this.#bytes += memoryOf(message);
  }

  /** The last message that the stream has acknowledged, by sequence; 0 if none is known. */
  lastIn(stream: string): { sequence: number; messageId: string } {
    const { lastSequence = 0, lastMessageId = '' } = this.#streams.get(stream) ?? {};
    return { sequence: lastSequence, messageId: lastMessageId };
  }

  /** Whether the stream stores a message at this sequence though it has acknowledged that or a later one. */
  hasGoneBack(stream: string, sequence: number): boolean {
    return sequence <= (this.#streams.get(stream)?.lastSequence ?? 0);
  }

  /** Forgets the messages of the stream that were acknowledged at `untilMs` or earlier. */
  settle(stream: string, untilMs: number): void {
    const messages = this.#streams.get(stream)?.messages;
    if (messages === undefined) return;
    for (let oldest = messages.peek(); oldest !== undefined; oldest = messages.peek()) {
      if (oldest.acknowledgedMs > untilMs) return;
      messages.shift();
      this.#count -= 1;
      this.#bytes -= memoryOf(oldest);
    }
  }

  /** The streams whose oldest held message was acknowledged at `untilMs` or earlier. */
  *streamsHolding(untilMs: number): Iterable<string> {
    for (const [stream, { messages }] of this.#streams) {
      const oldest = messages.peek();
      if (oldest !== undefined && oldest.acknowledgedMs <= untilMs) yield stream;
    }
  }

  /** Hands out what is held of one stream, or of all, in the order of taking. What these streams acknowledged is forgotten. */
  take(stream?: string): Outgoing[] {
    const taken: Outgoing[] = [];
    for (const [name, held] of this.#streams) {
      if (stream !== undefined && name !== stream) continue;
      for (let next = held.messages.shift(); next !== undefined; next = held.messages.shift()) {
        taken.push(next);
        this.#bytes -= memoryOf(next);
      }
      held.lastSequence = 0;
    }
    this.#count -= taken.length;
    return taken.sort((a, b) => a.key - b.key);
  }
}

type HeldInStream = {
  /** In the order of their acknowledgements. */
  messages: Fifo<Outgoing>;
  /** The highest acknowledged sequence, and the message that is there. */
  lastSequence: number;
  lastMessageId: string;
};

function memoryOf(message: Outgoing): number {
  return message.bytes + OBJECT_BYTES;
}

/** Of the object, its strings and its views of the buffer: 720 bytes, measured, and what the garbage collector leaves. */
const OBJECT_BYTES = 1_024;
