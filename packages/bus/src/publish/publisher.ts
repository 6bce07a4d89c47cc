import { createInbox, errors, headers, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.ts';
import { retryDelayMs } from '../connection/retry-delay.ts';
import { Trouble } from '../connection/trouble.ts';
import { readAcknowledgement } from './acknowledgement.ts';
import { Fifo } from './fifo.ts';

/** A message on its way out. The same `messageId` is sent with each retry: the broker keeps the first only. */
export type OutgoingMessage = {
  subject: string;
  messageId: string;
  body: string;
  headers?: Record<string, string>;
};

export type PublisherOptions = {
  /** Messages sent and not yet acknowledged, at most. */
  unacknowledgedMax: number;
  /** Messages that may wait behind that window before `full`. */
  queueMax: number;
  /** Bytes of bodies sent and not yet acknowledged, at most (but always one message). Default 16 MiB. */
  unacknowledgedBytesMax?: number;
  /** Bytes of bodies that may wait before `full`. Default 128 MiB. */
  queueBytesMax?: number;
  /**
   * How long to wait for an acknowledgement before the message is sent again, the first time; then twice as long, and so
   * on. While acknowledgements of older messages keep coming the server is only slow, and nothing is repeated. Default 5,000.
   */
  acknowledgeMsMax?: number;
  /**
   * Takes a message that NATS can never take (too large, or a subject or header that is none). Without it the message
   * is lost with a line in the log, at error level.
   */
  onRejected?: (message: OutgoingMessage, reason: string) => void;
};

/** Plain numbers for metrics; counters since the publisher was made. */
export type PublisherStats = {
  queued: number;
  queuedBytes: number;
  unacknowledged: number;
  acknowledged: number;
  /** Of the acknowledged: those that the broker already had. */
  duplicates: number;
  retries: number;
  rejected: number;
  /** Our clock when the oldest message that is not yet acknowledged was taken; null when there is none. */
  oldestTakenAtMs: number | null;
};

/**
 * Publishes with acknowledgements: a message is forgotten only when JetStream said that it is stored.
 *
 * taken -> queued -> sent -> acknowledged; sent -> sent again, when no answer came in time, the answer was a trouble
 * of the server, or the connection was lost and is back; sent -> rejected, when the message itself can never be
 * stored. First sendings are in the order of taking; a retry may come after younger messages, which is harmless since
 * identity is content. Messages in retry stay in the window, so a server that takes nothing fills first the window,
 * then the queue, and then `full` asks the caller to pause; what it still gives is taken nevertheless.
 *
 * It has a reply inbox of its own: one subscription and one timer for all messages, instead of a promise, a timer and
 * a subscription entry each, as the client's own `publish` has.
 */
export class Publisher implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #o: Required<Omit<PublisherOptions, 'onRejected'>>;
  readonly #onRejected: ((message: OutgoingMessage, reason: string) => void) | undefined;
  readonly #inbox: string;
  readonly #answers: Subscription;
  readonly #forgetConnected: () => void;
  readonly #trouble: Trouble;
  readonly #queue = new Fifo<Taken>();
  /** By key, in the order of taking. */
  readonly #unacknowledged = new Map<number, Taken>();
  readonly #fullListeners = new Set<() => void>();
  readonly #roomListeners = new Set<() => void>();
  readonly #rejectedListeners = new Set<(message: OutgoingMessage) => void>();
  #idleWaiters: (() => void)[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #queuedBytes = 0;
  #unacknowledgedBytes = 0;
  #lastKey = 0;
  #full = false;
  #disposed = false;
  /** When the last acknowledgement came, and when the youngest message that was acknowledged had been sent. */
  #answeredMs = 0;
  #youngestAnsweredMs = 0;
  #acknowledged = 0;
  #duplicates = 0;
  #retries = 0;
  #rejected = 0;

  constructor(connection: Connection, options: PublisherOptions) {
    const { onRejected, ...rest } = options;
    this.#connection = connection;
    this.#o = {
      unacknowledgedBytesMax: 16 * 1024 * 1024,
      queueBytesMax: 128 * 1024 * 1024,
      acknowledgeMsMax: 5_000,
      ...rest,
    };
    this.#onRejected = onRejected;
    this.#trouble = new Trouble(connection.log);
    this.#inbox = createInbox();
    this.#answers = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => (error === null ? this.#answered(answer) : this.#deaf(error)),
    });
    this.#forgetConnected = connection.onConnected(() => this.#sendAgain());
  }

  /** Takes the message, always: also when `full`, also while NATS is away. */
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

  /** The queue has reached its maximum: the caller pauses its source until it is told of room. */
  get full(): boolean {
    return this.#full;
  }

  /** Calls the listener each time the queue becomes full, before `publish` returns; returns what stops that. */
  onFull(listener: () => void): () => void {
    this.#fullListeners.add(listener);
    return () => this.#fullListeners.delete(listener);
  }

  /** Calls the listener each time the queue falls below half of its maximum after having been full. */
  onRoom(listener: () => void): () => void {
    this.#roomListeners.add(listener);
    return () => this.#roomListeners.delete(listener);
  }

  /** Calls the listener with each message that NATS can never take, before `idle` resolves; returns what stops that. */
  onRejected(listener: (message: OutgoingMessage) => void): () => void {
    this.#rejectedListeners.add(listener);
    return () => this.#rejectedListeners.delete(listener);
  }

  /** Resolves when everything taken so far and since is acknowledged (or was rejected). Waits as long as it takes. */
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

  /** Stops sending at once. To stop without loss wait for `idle()` first; `stats()` tells what is unfinished. */
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
    this.#tellRoom();
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
    taken.dueMs = taken.sentMs + this.#o.acknowledgeMsMax * 2 ** Math.min(taken.attempts - 1, DOUBLINGS_MAX);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    try {
      taken.headers ??= messageHeaders(taken.message);
      const reply = `${this.#inbox}.${taken.key}`;
      this.#connection.nats.publish(taken.message.subject, taken.body, { headers: taken.headers, reply });
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
        this.#reject(taken, error.message);
      } // else the connection is closing: the message stays unacknowledged, and `stats` says so
    }
  }

  #answered(answer: Msg): void {
    const taken = this.#unacknowledged.get(Number(answer.subject.slice(this.#inbox.length + 1)));
    if (taken === undefined) return; // the second answer to a message that was sent twice
    const acknowledgement = readAcknowledgement(answer);
    this.#answeredMs = performance.now();
    this.#youngestAnsweredMs = Math.max(this.#youngestAnsweredMs, taken.sentMs);
    switch (acknowledgement.kind) {
      case 'stored':
        this.#acknowledged += 1;
        if (acknowledgement.duplicate) this.#duplicates += 1;
        this.#forget(taken);
        if (taken.attempts > 1) this.#trouble.over({}, 'NATS acknowledges what we publish again.');
        break;
      case 'rejected':
        this.#reject(taken, acknowledgement.reason);
        break;
      case 'retry':
        taken.sentMs = 0;
        taken.dueMs = this.#answeredMs + retryDelayMs(taken.attempts, RETRY_DELAY, Math.random());
        this.#tell(taken, acknowledgement.reason);
    }
    this.#pump();
  }

  /** Sends again what has waited long enough: for its acknowledgement, or after a refusal. */
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
   * A stream acknowledges in order. So while acknowledgements come, and only of messages that were sent before this one,
   * it waits its turn; to repeat it would make a slow server slower.
   */
  #isOnlyQueued(taken: Taken, nowMs: number): boolean {
    return taken.sentMs > this.#youngestAnsweredMs && nowMs - this.#answeredMs < this.#o.acknowledgeMsMax;
  }

  /** The connection was lost and is back: what was sent before may have been lost with it. */
  #sendAgain(): void {
    if (this.#disposed) return;
    for (const taken of this.#unacknowledged.values()) this.#send(taken);
    this.#pump();
  }

  #reject(taken: Taken, reason: string): void {
    this.#rejected += 1;
    const { subject, messageId } = taken.message;
    const fields = { subject, messageId, bytes: taken.body.length, reason };
    const onRejected = this.#onRejected;
    if (onRejected === undefined) {
      this.#connection.log.error(fields, `A message is lost: NATS can never take it (${reason}).`);
    } else queueMicrotask(() => onRejected(taken.message, reason)); // see #tellRoom
    for (const listener of this.#rejectedListeners) queueMicrotask(() => listener(taken.message));
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

  #tellRoom(): void {
    if (!this.#full) return;
    if (this.#queue.length * 2 >= this.#o.queueMax || this.#queuedBytes * 2 >= this.#o.queueBytesMax) return;
    this.#full = false;
    // Never inside the client's callback: what a listener throws there ends the reading of the connection, silently.
    for (const listener of [...this.#roomListeners]) queueMicrotask(listener);
  }

  #tell(taken: Taken, reason: string): void {
    this.#trouble.tell(
      { subject: taken.message.subject, attempts: taken.attempts, reason, unacknowledged: this.#unacknowledged.size },
      `NATS does not acknowledge what we publish: ${reason}. Sending again until it does.`,
    );
  }

  /** We may not listen to the answers: nothing will ever be acknowledged. */
  #deaf(error: Error): void {
    this.#connection.log.error(
      { err: error, subject: `${this.#inbox}.*` },
      'NATS refuses us the right to receive acknowledgements: allow the user of NATS_URL to subscribe to _INBOX.>.',
    );
  }
}

type Taken = {
  key: number;
  message: OutgoingMessage;
  body: Uint8Array;
  takenAtMs: number;
  /** Made at the first sending. */
  headers: MsgHdrs | null;
  attempts: number;
  /** When it was sent, by the clock that never goes back; 0 while it waits after a refusal. */
  sentMs: number;
  /** When to send again. */
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
const DOUBLINGS_MAX = 4;
const RETRY_DELAY = { firstMs: 100, lastMs: 5_000 };
