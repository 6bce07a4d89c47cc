import type { StoredMsg } from '@nats-io/jetstream';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { storableText } from '@polytape/types';
import type { Delivery } from './delivery.ts';

/** A message of a stream. */
export type StreamMessage = {
  /** Position in its stream. */
  sequence: number;
  subject: string;
  /** The id by which the broker removes duplicates; null when the publisher gave none. */
  messageId: string | null;
  /** The header of this exact name; null when the message has none. */
  header(name: string): string | null;
  body: Uint8Array;
  /** The broker's clock when it stored the message, milliseconds since the epoch. */
  storedAtMs: number;
};

/**
 * A place in a stream; reading continues after it. Id and time are those of the message at `sequence`, null where it is
 * known to have none. A reader that knows them notices when the broker holds another message there.
 */
export type ReadPosition = { sequence: number; messageId?: string | null; messageAtMs?: number | null };

/**
 * Whether the message is the one at the position. The broker's time is compared, too, because a tail that was published
 * again in the same order has the same ids at the same sequences. True when the position has neither id nor time.
 */
export function isMessageAt(position: ReadPosition, message: Pick<StreamMessage, 'messageId' | 'storedAtMs'>): boolean {
  const { messageId, messageAtMs } = position;
  if (messageId !== undefined && storable(messageId) !== storable(message.messageId)) return false;
  return messageAtMs === undefined || messageAtMs === message.storedAtMs;
}

/** Messages in the order of the stream. */
export type StreamBatch = {
  messages: StreamMessage[];
  /** Messages that were still to be read when the broker delivered the last of these: 0 at the stream's end. */
  pending: number;
};

/**
 * A message that a consumer delivered. Its headers are searched when one is asked for: the client's own parsing takes more time
 * than all the rest of reading a message, and its objects would outlive the batch.
 */
export class DeliveredMessage implements StreamMessage {
  readonly sequence: number;
  readonly storedAtMs: number;
  /** As in `StreamBatch`, after this message. */
  readonly pending: number;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly #headersAt: number;
  /** As the client parses them, if their bytes are not where they should be. */
  readonly #headers: MsgHdrs | undefined;

  constructor(message: Msg, { streamSequence, storedAtMs, pending }: Delivery) {
    this.sequence = streamSequence;
    this.storedAtMs = storedAtMs;
    this.pending = pending;
    this.subject = message.subject;
    this.body = message.data;
    // The client keeps the bytes of the headers before those of the body, and tells the size of all parts together.
    const { size } = message as Msg & { size?(): number };
    const length = (size?.call(message) ?? 0) - this.subject.length - (message.reply?.length ?? 0) - this.body.length;
    this.#headersAt = this.body.byteOffset - length;
    const { buffer } = this.body;
    if (
      length < VERSION.length ||
      this.#headersAt < 0 ||
      VERSION.compare(new Uint8Array(buffer, this.#headersAt, VERSION.length)) !== 0
    ) {
      this.#headersAt = this.body.byteOffset;
      this.#headers = message.headers;
    }
  }

  get messageId(): string | null {
    return this.header('Nats-Msg-Id');
  }

  header(name: string): string | null {
    if (this.#headers !== undefined) return headerOf(this.#headers, name);
    const { buffer, byteOffset } = this.body;
    const block = Buffer.from(buffer, this.#headersAt, byteOffset - this.#headersAt).toString();
    const at = block.indexOf(`\r\n${name}:`);
    if (at < 0) return null;
    const from = at + name.length + 3;
    return block.slice(from, block.indexOf('\r\n', from)).trim();
  }
}

const VERSION = Buffer.from('NATS/1.0');

/** A message that was requested by its sequence. */
export function storedMessage(stored: StoredMsg): StreamMessage {
  return {
    sequence: stored.seq,
    subject: stored.subject,
    messageId: headerOf(stored.header, 'Nats-Msg-Id'),
    header: (name) => headerOf(stored.header, name),
    body: stored.data,
    storedAtMs: Date.parse(stored.timestamp),
  };
}

/** An id as it comes back from a database. */
function storable(messageId: string | null): string | null {
  return messageId === null ? null : storableText(messageId);
}

function headerOf(all: MsgHdrs | undefined, name: string): string | null {
  return all?.has(name) ? all.get(name) : null;
}
