import { AckPolicy, type ConsumerConfig } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, nuid, type Subscription } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { translateFailure } from '../connection/translate-failure.ts';
import { readDelivery } from './delivery.ts';
import { DeliveredMessage } from './stream-message.ts';

export type PullHandler = {
  /** The server has sent something through this session, if only a heartbeat: it works. */
  onAlive?(): void;
  onMessage(message: DeliveredMessage, bytes: number): void;
  /** The last `pull` is over (filled or expired): time for the next one. */
  onPullOver(): void;
  /** Nothing more will come; a reader that wants more opens another session after the last message. */
  onBroken(reason: string): void;
};

/**
 * One ephemeral, unacknowledged pull consumer, from its creation to its first trouble.
 *
 * open -> pulling <-> waiting -> broken or closed. It never repairs itself: on a gap in the delivery sequence, a lost
 * connection, a deleted consumer or silence it reports once, and its owner opens another session after the last message.
 * So there is one way to recover, which each restart of the server exercises. (The client's own ordered consumer repairs
 * itself, but keeps counting what the old consumer still owed, and pulls too little afterwards.)
 *
 * One pull request is open at a time: this costs one round trip per request, and keeps the count of messages that may
 * still come exact.
 */
export class PullSession {
  /** Messages that waited when the consumer was created. */
  readonly pendingAtStart: number;
  readonly #connection: Connection;
  readonly #stream: string;
  readonly #consumer: string;
  readonly #handler: PullHandler;
  readonly #inbox = createInbox();
  readonly #answers: Subscription;
  readonly #forgetDisconnected: () => void;
  readonly #watchdog: NodeJS.Timeout;
  #pulls = 0;
  /** Messages that the open pull request may still bring; 0 when none is open. */
  #owed = 0;
  #consumerSequence = 0;
  #sequenceAtPull = 0;
  /** The next message alone exceeds the byte limit of a pull: only a pull without that limit gets past it. */
  #isNextLarge = false;
  #silentTicks = 0;
  #isAlive = false;
  #ended = false;

  /** @throws BusUnavailableError, BusPermissionError, StreamMissingError. */
  static async open(
    connection: Connection,
    stream: string,
    start: Partial<ConsumerConfig>,
    handler: PullHandler,
  ): Promise<PullSession> {
    try {
      const info = await connection.jsm.consumers.add(stream, {
        ...start,
        name: `polytape_${nuid.next()}`,
        ack_policy: AckPolicy.None,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: nanos(INACTIVE_MS_MAX),
      });
      return new PullSession(connection, stream, info.name, info.num_pending, handler);
    } catch (error) {
      throw translateFailure(error, stream);
    }
  }

  private constructor(
    connection: Connection,
    stream: string,
    consumer: string,
    pendingAtStart: number,
    handler: PullHandler,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#consumer = consumer;
    this.#handler = handler;
    this.pendingAtStart = pendingAtStart;
    this.#answers = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#receive(message) : this.#break(error.message)),
    });
    this.#forgetDisconnected = connection.onDisconnected(() => this.#break('the connection was lost'));
    this.#watchdog = setInterval(() => this.#listenForSilence(), HEARTBEAT_MS);
  }

  /** Whether a pull request is open: more messages may come. */
  get pulling(): boolean {
    return this.#owed > 0;
  }

  /** Requests up to `rows` messages of `bytes` together, or one that is larger. Does nothing while a pull request is open. */
  pull(rows: number, bytes: number): void {
    if (this.#ended || this.pulling) return;
    this.#pulls += 1;
    this.#owed = this.#isNextLarge ? 1 : rows;
    this.#sequenceAtPull = this.#consumerSequence;
    this.#silentTicks = 0;
    const request = {
      batch: this.#owed,
      ...(this.#isNextLarge ? {} : { max_bytes: bytes }),
      expires: nanos(PULL_EXPIRES_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#consumer}`;
    try {
      this.#connection.nats.publish(subject, JSON.stringify(request), { reply: `${this.#inbox}.${this.#pulls}` });
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  /** Deletes the consumer; the handler hears nothing more. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forgetDisconnected();
    clearInterval(this.#watchdog);
    if (this.#connection.nats.isClosed()) return;
    this.#answers.unsubscribe();
    // Tidiness only: the server deletes an unused consumer by itself.
    if (this.#connection.connected) this.#connection.jsm.consumers.delete(this.#stream, this.#consumer).catch(() => {});
  }

  #receive(message: Msg): void {
    if (this.#ended) return;
    this.#silentTicks = 0;
    if (!this.#isAlive) this.#handler.onAlive?.();
    this.#isAlive = true;
    const isStatus = message.subject.startsWith(this.#inbox);
    const trouble = isStatus ? this.#receiveStatus(message) : this.#receiveMessage(message);
    if (trouble !== null) this.#break(trouble);
  }

  /** @returns Why the session is over, or null. */
  #receiveMessage(message: Msg): string | null {
    const delivery = readDelivery(message.reply ?? '');
    if (delivery === null) return 'a message arrived that no consumer delivered';
    const expected = this.#consumerSequence + 1;
    if (delivery.consumerSequence !== expected) {
      return `expected delivery ${expected}, got ${delivery.consumerSequence}`;
    }
    this.#consumerSequence = expected;
    this.#owed -= 1;
    this.#isNextLarge = false;
    this.#handler.onMessage(new DeliveredMessage(message, delivery), message.data.length);
    if (this.#owed === 0 && !this.#ended) this.#handler.onPullOver();
    return null;
  }

  /** @returns Why the session is over, or null. */
  #receiveStatus(message: Msg): string | null {
    const code = message.headers?.code ?? 0;
    const description = message.headers?.description ?? '';
    // A heartbeat carries the last delivery's number: the only sign of a last message that was lost on the way.
    if (code === 100) return this.#lacks(message.headers?.get('Nats-Last-Consumer'));
    if (code === 503) return 'nobody serves the consumer';
    if (code === 400 || (code === 409 && !PULL_OVER.test(description))) return `the server said ${code} ${description}`;
    if (message.subject !== `${this.#inbox}.${this.#pulls}` || !this.pulling) return null;
    this.#isNextLarge = TOO_LARGE.test(description) && this.#consumerSequence === this.#sequenceAtPull;
    const unsent = message.headers?.get('Nats-Pending-Messages') ?? '';
    if (unsent !== '' && Number(unsent) !== this.#owed)
      return `${this.#owed} messages are due, but ${unsent} will come`;
    this.#owed = 0;
    this.#handler.onPullOver();
    return null;
  }

  #lacks(lastDelivered: string | undefined): string | null {
    if (lastDelivered === undefined || Number(lastDelivered) <= this.#consumerSequence) return null;
    return `${lastDelivered} messages were delivered, but ${this.#consumerSequence} arrived`;
  }

  /** Counts ticks, not time: after a stall of this process the timer fires before bytes that arrived long ago. */
  #listenForSilence(): void {
    if (!this.pulling) return;
    this.#silentTicks += 1;
    if (this.#silentTicks >= SILENT_TICKS_MAX) this.#break('no heartbeat arrived');
  }

  #break(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#handler.onBroken(reason);
  }
}

/** With the default of 30 s a reader stalls for 45 s after the server restarts. */
const PULL_EXPIRES_MS = 2_000;
const HEARTBEAT_MS = 500;
const SILENT_TICKS_MAX = 4;
/** A caller that works on one batch for longer than this finds its consumer gone and gets a new one. */
const INACTIVE_MS_MAX = 60_000;
/** Answers with status 409 that end a pull request and not the consumer. */
const PULL_OVER = /^(message size exceeds maxbytes|batch completed)/i;
const TOO_LARGE = /^message size exceeds maxbytes/i;
