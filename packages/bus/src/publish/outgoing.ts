import { errors } from '@nats-io/transport-node';

/** A message to publish. Each retry carries the same `messageId`, so the broker keeps the first copy only. */
export type OutgoingMessage = {
  subject: string;
  messageId: string;
  body: string;
  /** Messages of one source share this object, which must not change: its part of the header block is built once. */
  headers?: Readonly<Record<string, string>>;
};

/** A taken message: one object from `publish` until it is settled. */
export class Outgoing {
  /** Number in the order of taking. */
  readonly key: number;
  readonly subject: string;
  readonly messageId: string;
  readonly headers: Uint8Array;
  readonly body: Uint8Array;
  /** Our clock when it was taken. */
  readonly takenAtMs: number;
  attempts = 0;
  /** When it was last sent, by the monotonic clock; 0 while it waits after a refusal. */
  sentMs = 0;
  /** When to send it again. */
  dueMs = 0;
  /** When the server first refused it or let it wait too long; 0 if it did not. */
  refusedMs = 0;
  /** When it was last acknowledged; 0 before. */
  acknowledgedMs = 0;

  constructor(key: number, message: OutgoingMessage, wire: { headers: Uint8Array; body: Uint8Array }) {
    this.key = key;
    this.subject = message.subject;
    this.messageId = message.messageId;
    this.headers = wire.headers;
    this.body = wire.body;
    this.takenAtMs = Date.now();
  }

  get bytes(): number {
    return this.headers.length + this.body.length;
  }

  /** Called by the client, for which this object is the message's headers; its own cost 3 µs a message. */
  encode(): Uint8Array {
    return this.headers;
  }
}

/**
 * Writes header blocks and bodies into large buffers: a buffer for each message costs 4 µs, most of it for the garbage
 * collector.
 */
export class WireWriter {
  readonly #blocks = new WeakMap<object, string>();
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #at = 0;

  /** @throws {errors.InvalidArgumentError} A name or a value cannot be part of a header. */
  write({ messageId, headers, body }: OutgoingMessage): { headers: Uint8Array; body: Uint8Array } {
    if (INVALID_VALUE.test(messageId)) throw invalid('Nats-Msg-Id');
    const block = `${headers === undefined ? VERSION : this.#block(headers)}Nats-Msg-Id: ${messageId}\r\n\r\n`;
    const text = block + body;
    const bytesMax = text.length * UTF8_BYTES_MAX;
    if (bytesMax > SLAB_BYTES) return cut(Buffer.from(text), block, text);
    if (bytesMax > SLAB_BYTES - this.#at) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#at = 0;
    }
    const start = this.#at;
    this.#at += this.#slab.write(text, start, bytesMax);
    return cut(this.#slab.subarray(start, this.#at), block, text);
  }

  #block(headers: Readonly<Record<string, string>>): string {
    let block = this.#blocks.get(headers);
    if (block !== undefined) return block;
    block = VERSION;
    for (const name in headers) {
      const value = headers[name] ?? '';
      if (INVALID_NAME.test(name) || INVALID_VALUE.test(value)) throw invalid(name);
      block += `${name}: ${value}\r\n`;
    }
    this.#blocks.set(headers, block);
    return block;
  }
}

/** @param bytes The header block and the body, written out of `text`, which begins with `block`. */
function cut(bytes: Buffer, block: string, text: string): { headers: Uint8Array; body: Uint8Array } {
  const isAscii = bytes.length === text.length;
  const length = isAscii ? block.length : Buffer.byteLength(block);
  return { headers: bytes.subarray(0, length), body: bytes.subarray(length) };
}

function invalid(name: string): Error {
  return new errors.InvalidArgumentError(`header ${JSON.stringify(name)} cannot contain a line break or a colon`);
}

const VERSION = 'NATS/1.0\r\n';
const INVALID_NAME = /[^\x21-\x39\x3b-\x7e]/;
const INVALID_VALUE = /[\r\n]/;
/** A buffer is freed with the last of its messages, so one that stays unacknowledged keeps no more than this. */
const SLAB_BYTES = 256 * 1_024;
const UTF8_BYTES_MAX = 3;
