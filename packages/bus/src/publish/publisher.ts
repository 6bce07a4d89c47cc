import { createInbox, errors, headers, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { backoffMs, FailureLog } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { readAcknowledgement } from './acknowledgement.ts';
import { Fifo } from './fifo.ts';

/** A message to publish. Each retry carries the same `messageId`, so the broker keeps the first copy only. */
export type OutgoingMessage = {
  subject: string;
  messageId: string;
  body: string;
  headers?: Record<string, string>;
};

export type PublisherOptions = {
  /** Limit of messages sent and not yet acknowledged. */
  unacknowledgedMax: number;
  /** Messages that may wait behind that window before the publisher is `full`. */
  queueMax: number;
  /** Limit of body bytes sent and not yet acknowledged; one message may always be sent. Default 16 MiB. */
  unacknowledgedBytesMax?: number;
  /** Body bytes that may wait before the publisher is `full`. Default 128 MiB. */
  queueBytesMax?: number;
  /**
   * How long to wait for an acknowledgement before the first retry; doubles with each retry. While acknowledgements of
   * older messages keep coming the server is only slow, and nothing is sent again. Default 5,000.
   */
  acknowledgeMsMax?: number;
};

/** Plain numbers for metrics; counters since the publisher was made. */
export type PublisherStats = {
  queued: number;
  queuedBytes: number;
  unacknowledged: number;
  acknowledged: number;
  /** Acknowledged messages that the broker already had. */
  duplicates: number;
  retries: number;
  rejected: number;
  /** Our clock when the oldest unacknowledged message was taken; null when there is none. */
  oldestTakenAtMs: number | null;
};

/**
 * Publishes with acknowledgements: a message is forgotten only once JetStream has acknowledged that it is stored.
 *
 * taken -> queued -> sent -> acknowledged; sent -> sent again, when no answer came in time, the server reported a
 * problem, or the connection was lost and is back; sent -> rejected, when the message itself can never be stored.
 * Messages are first sent in the order in which they were taken. A retry may arrive after younger messages, which is
 * harmless because a message's id comes from its content. Retried messages stay in the window, so a server that accepts
 * nothing fills first the window, then the queue; then `full` asks the caller to pause. `publish` still accepts messages.
 *
 * All messages share one reply inbox and one timer; the client's own `publish` needs a promise, a timer and a
 * subscription entry each.
 */
export class Publisher implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #o: Required<PublisherOptions>;
  readonly #inbox: string;
  readonly #answers: Subscription;
  readonly #forgetConnected: () => void;
  readonly #failures: FailureLog;
  readonly #queue = new Fifo<Taken>();
  /** By key, in the order of taking. */
  readonly #unacknowledged = new Map<number, Taken>();
  readonly #fullListeners = new Set<() => void>();
  readonly #roomListeners = new Set<() => void>();
  readonly #rejectedListeners = new Set<(message: OutgoingMessage, reason: string) => void>();
  #idleWaiters: (() => void)[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #queuedBytes = 0;
  #unacknowledgedBytes = 0;
  #lastKey = 0;
  #full = false;
  #disposed = false;
  /** When the last acknowledgement came, and when the youngest acknowledged message was sent. */
  #answeredMs = 0;
  #youngestAnsweredMs = 0;
  #acknowledged = 0;
  #duplicates = 0;
  #retries = 0;
  #rejected = 0;

  constructor(connection: Connection, options: PublisherOptions) {
    this.#connection = connection;
    this.#o = {
      unacknowledgedBytesMax: 16 * 1024 * 1024,
      queueBytesMax: 128 * 1024 * 1024,
      acknowledgeMsMax: 5_000,
      ...options,
    };
    this.#failures = new FailureLog(connection.log);
    this.#inbox = createInbox();
    this.#answers = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => (error === null ? this.#answered(answer) : this.#deaf(error)),
    });
    this.#forgetConnected = connection.onConnected(() => this.#sendAgain());
  }

  /** Takes the message, even when `full` or while NATS is away. */
  publish(message: OutgoingMessage): void {
    const body = ENCODER.encode(message.body);
    this.#lastKey += 1;
    this.#queue.push({
      key: this.#lastKey,
      message,
      body,
      takenAtMs: Date.now(),
      headers: null,
      attempts: 0,
      sentMs: 0,
      dueMs: 0,
    });
    this.#queuedBytes += body.length;
    this.#pump();
    if (this.#full || (this.#queue.length < this.#o.queueMax && this.#queuedBytes < this.#o.queueBytesMax)) return;
    this.#full = true;
    for (const listener of [...this.#fullListeners]) listener();
  }

  /** The queue has reached its limit: the caller pauses its source until `onRoom` calls it. */
  get full(): boolean {
    return this.#full;
  }

  /** Calls the listener each time the queue becomes full, before `publish` returns; returns what stops that. */
  onFull(listener: () => void): () => void {
    this.#fullListeners.add(listener);
    return () => this.#fullListeners.delete(listener);
  }

  /** Calls the listener each time the queue falls below half of its limit after it was full. Returns a function that removes it. */
  onRoom(listener: () => void): () => void {
    this.#roomListeners.add(listener);
    return () => this.#roomListeners.delete(listener);
  }

  /**
   * Calls the listener with each message that NATS can never store, and why, before `idle` resolves. Returns a function
   * that removes the listener.
   */
  onRejected(listener: (message: OutgoingMessage, reason: string) => void): () => void {
    this.#rejectedListeners.add(listener);
    return () => this.#rejectedListeners.delete(listener);
  }

  /** Resolves once no message waits for its acknowledgement any more, however long that takes. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  stats(): PublisherStats {
    const oldest = this.#unacknowledged.values().next().value ?? this.#queue.peek();
    return {
      queued: this.#queue.length,
      queuedBytes: this.#queuedBytes,
      unacknowledged: this.#unacknowledged.size,
      acknowledged: this.#acknowledged,
      duplicates: this.#duplicates,
      retries: this.#retries,
      rejected: this.#rejected,
      oldestTakenAtMs: oldest?.takenAtMs ?? null,
    };
  }

  /** Stops sending at once. To stop without loss await `idle()` first; `stats()` shows what is unfinished. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#forgetConnected();
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    if (!this.#connection.nats.isClosed()) this.#answers.unsubscribe();
  }

  #pump(): void {
    while (this.#maySend()) {
      const taken = this.#queue.shift();
      if (taken === undefined) break;
      this.#queuedBytes -= taken.body.length;
      this.#unacknowledged.set(taken.key, taken);
      this.#unacknowledgedBytes += taken.body.length;
      this.#send(taken);
    }
    this.#notifyRoom();
  }

  #maySend(): boolean {
    if (this.#disposed || !this.#connection.connected) return false;
    if (this.#unacknowledged.size === 0) return true;
    return (
      this.#unacknowledged.size < this.#o.unacknowledgedMax &&
      this.#unacknowledgedBytes < this.#o.unacknowledgedBytesMax
    );
  }

  #send(taken: Taken): void {
    if (taken.attempts > 0) this.#retries += 1;
    taken.attempts += 1;
    taken.sentMs = performance.now();
    const { acknowledgeMsMax: minMs } = this.#o;
    taken.dueMs = taken.sentMs + backoffMs({ failures: taken.attempts, minMs, maxMs: 32 * minMs, random: 0 });
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    try {
      taken.headers ??= messageHeaders(taken.message);
      const reply = `${this.#inbox}.${taken.key}`;
      this.#connection.nats.publish(taken.message.subject, taken.body, { headers: taken.headers, reply });
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
        this.#reject(taken, error.message);
      } // else the connection is closing: the message stays unacknowledged, and `stats` shows it
    }
  }

  #answered(answer: Msg): void {
    const taken = this.#unacknowledged.get(Number(answer.subject.slice(this.#inbox.length + 1)));
    if (taken === undefined) return; // second answer to a message that was sent twice
    const acknowledgement = readAcknowledgement(answer);
    this.#answeredMs = performance.now();
    this.#youngestAnsweredMs = Math.max(this.#youngestAnsweredMs, taken.sentMs);
    switch (acknowledgement.kind) {
      case 'stored':
        this.#acknowledged += 1;
        if (acknowledgement.duplicate) this.#duplicates += 1;
        this.#forget(taken);
        if (taken.attempts > 1) this.#failures.recovered({}, 'NATS acknowledges published messages again.');
        break;
      case 'rejected':
        this.#reject(taken, acknowledgement.reason);
        break;
      case 'retry':
        taken.sentMs = 0;
        taken.dueMs =
          this.#answeredMs + backoffMs({ failures: taken.attempts, ...RETRY_BACKOFF, random: Math.random() });
        this.#tell(taken, acknowledgement.reason);
    }
    this.#pump();
  }

  /** Sends messages again that have waited long enough for an acknowledgement or after a refusal. */
  #sweep(): void {
    if (this.#disposed || !this.#connection.connected) return;
    const nowMs = performance.now();
    for (const taken of this.#unacknowledged.values()) {
      if (taken.dueMs > nowMs || this.#isOnlyQueued(taken, nowMs)) continue;
      this.#tell(taken, 'no acknowledgement yet');
      this.#send(taken);
    }
  }

  /**
   * A stream acknowledges in order. While acknowledgements of messages sent before this one keep coming, it is only
   * waiting its turn; sending it again would make a slow server slower.
   */
  #isOnlyQueued(taken: Taken, nowMs: number): boolean {
    return taken.sentMs > this.#youngestAnsweredMs && nowMs - this.#answeredMs < this.#o.acknowledgeMsMax;
  }

  /** Called after a reconnect: messages sent before may have been lost with the connection. */
  #sendAgain(): void {
    if (this.#disposed) return;
    for (const taken of this.#unacknowledged.values()) this.#send(taken);
    this.#pump();
  }

  #reject(taken: Taken, reason: string): void {
    this.#rejected += 1;
    const { subject, messageId } = taken.message;
    const fields = { subject, messageId, bytes: taken.body.length, reason };
    this.#connection.log.error(fields, `Lost a message to ${subject}: NATS can never store it (${reason}).`);
    for (const listener of this.#rejectedListeners) queueMicrotask(() => listener(taken.message, reason)); // see #notifyRoom
    this.#forget(taken);
  }

  #forget(taken: Taken): void {
    this.#unacknowledged.delete(taken.key);
    this.#unacknowledgedBytes -= taken.body.length;
    if (!this.#isIdle()) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #isIdle(): boolean {
    return this.#queue.length === 0 && this.#unacknowledged.size === 0;
  }

  #notifyRoom(): void {
    if (!this.#full) return;
    if (this.#queue.length * 2 >= this.#o.queueMax || this.#queuedBytes * 2 >= this.#o.queueBytesMax) return;
    this.#full = false;
    // Never inside the client's callback: an exception there would silently end the reading of the connection.
    for (const listener of [...this.#roomListeners]) queueMicrotask(listener);
  }

  #tell(taken: Taken, reason: string): void {
    this.#failures.failed(
      reason,
      { subject: taken.message.subject, attempts: taken.attempts, reason, unacknowledged: this.#unacknowledged.size },
      `NATS is not acknowledging published messages: ${reason}. Retrying until it does.`,
    );
  }

  /** We lack the permission to receive answers: nothing will ever be acknowledged. */
  #deaf(error: Error): void {
    this.#connection.log.error(
      { err: error, subject: `${this.#inbox}.*` },
      'NATS denies our user permission to receive acknowledgements, so nothing can be published. Allow the user of NATS_URL to subscribe to _INBOX.>.',
    );
  }
}

type Taken = {
  key: number;
  message: OutgoingMessage;
  body: Uint8Array;
  takenAtMs: number;
  /** Built when the message is first sent. */
  headers: MsgHdrs | null;
  attempts: number;
  /** When it was sent, by the monotonic clock; 0 while it waits after a refusal. */
  sentMs: number;
  /** When to send it again. */
  dueMs: number;
};

function messageHeaders(message: OutgoingMessage): MsgHdrs {
  const all = headers();
  for (const [name, value] of Object.entries(message.headers ?? {})) all.set(name, value);
  all.set('Nats-Msg-Id', message.messageId);
  return all;
}

const ENCODER = new TextEncoder();
const SWEEP_MS = 50;
const RETRY_BACKOFF = { minMs: 50, maxMs: 5_000 };
