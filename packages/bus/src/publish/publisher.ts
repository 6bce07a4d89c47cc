import { createInbox, errors, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { backoffMs, FailureLog } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { type Acknowledgement, readAcknowledgement, readLastSequence } from './acknowledgement.ts';
import { Fifo } from './fifo.ts';
import { headerBlock } from './header-block.ts';
import { HeldMessages } from './held-messages.ts';

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
  /**
   * How long the broker must have worked on after an acknowledgement before the message counts as synced to disk: twenty times
   * its `sync_interval`. Default 2,000.
   */
  holdMs?: number;
  /** Limit of body bytes acknowledged and not yet settled; nothing is sent while it is reached. Default 256 MiB. */
  heldBytesMax?: number;
};

/** Plain numbers for metrics; counters since the publisher was made. */
export type PublisherStats = {
  queued: number;
  queuedBytes: number;
  unacknowledged: number;
  acknowledged: number;
  /** Acknowledged messages that are kept until the broker must have synced them. */
  held: number;
  heldBytes: number;
  /** Acknowledged messages that were published again because the broker may have lost them. */
  republished: number;
  /** Acknowledged messages that the broker already had. */
  duplicates: number;
  retries: number;
  rejected: number;
  /** Our clock when the oldest unacknowledged message was taken; null when there is none. */
  oldestTakenAtMs: number | null;
};

/**
 * Publishes with acknowledgements and forgets a message only when it is settled: acknowledged by JetStream, and synced to disk.
 *
 * queued -> sent -> acknowledged and held -> settled. The broker syncs its disk every `sync_interval`, not for each message,
 * so a loss of power takes back what it acknowledged last. Everything held is published again, in the order of taking, when
 * another server process answers, when a stream ends before a message that it has acknowledged, or when it stores messages again
 * after it had failed to. The same message id keeps a copy that did survive the only one.
 *
 * sent -> sent again, when no answer came in time, the server reported a problem, or the connection was lost and is back;
 * sent -> rejected, when the message itself can never be stored. A retry may arrive after younger messages, which is harmless
 * because a message's id comes from its content. Retried messages stay in the window, so a server that accepts nothing fills
 * first the window, then the queue; then `full` asks the caller to pause. `publish` still accepts messages.
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
  readonly #held = new HeldMessages<Taken>();
  /** What is published again, before the queue. */
  #again = new Fifo<Taken>();
  /** Questions to streams that prove, once answered, that the broker is alive. By key. */
  readonly #probes = new Map<number, { stream: string; sentMs: number }>();
  /** When each stream's messages were last published again. */
  readonly #againMs = new Map<string, number>();
  /** The server process that has acknowledged what is held. */
  #serverId: string | undefined;
  readonly #fullListeners = new Set<() => void>();
  readonly #roomListeners = new Set<() => void>();
  readonly #rejectedListeners = new Set<(message: OutgoingMessage, reason: string) => void>();
  #acknowledgedWaiters: (() => void)[] = [];
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
  #republished = 0;

  constructor(connection: Connection, options: PublisherOptions) {
    this.#connection = connection;
    this.#o = {
      unacknowledgedBytesMax: 16 * 1024 * 1024,
      queueBytesMax: 128 * 1024 * 1024,
      acknowledgeMsMax: 5_000,
      holdMs: 2_000,
      heldBytesMax: 256 * 1024 * 1024,
      ...options,
    };
    this.#failures = new FailureLog(connection.log);
    this.#inbox = createInbox();
    this.#answers = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => (error === null ? this.#answered(answer) : this.#deaf(error)),
    });
    this.#serverId = connection.serverId;
    this.#forgetConnected = connection.onConnected(() => this.#reconnected());
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
      firstSentMs: 0,
      sentMs: 0,
      dueMs: 0,
      refusedMs: null,
      acknowledgedMs: 0,
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

  /**
   * Resolves once no message waits for its acknowledgement any more, however long that takes. They may still be held: this
   * is for a caller that needs their order, and goes on.
   */
  acknowledged(): Promise<void> {
    if (this.#isAcknowledged()) return Promise.resolve();
    return new Promise((resolve) => this.#acknowledgedWaiters.push(resolve));
  }

  /**
   * Resolves once every message is settled, however long that takes. While somebody waits, three sync intervals count as enough
   * instead of twenty, so that a stop is quick.
   */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  stats(): PublisherStats {
    const oldest = this.#again.peek() ?? this.#unacknowledged.values().next().value ?? this.#queue.peek();
    return {
      queued: this.#queue.length,
      queuedBytes: this.#queuedBytes,
      unacknowledged: this.#unacknowledged.size + this.#again.length,
      acknowledged: this.#acknowledged,
      held: this.#held.count,
      heldBytes: this.#held.bytes,
      republished: this.#republished,
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
      const taken = this.#again.shift() ?? this.#fromQueue();
      if (taken === undefined) break;
      this.#unacknowledged.set(taken.key, taken);
      this.#unacknowledgedBytes += taken.body.length;
      this.#send(taken);
    }
    this.#notifyRoom();
  }

  #fromQueue(): Taken | undefined {
    const taken = this.#queue.shift();
    if (taken !== undefined) this.#queuedBytes -= taken.body.length;
    return taken;
  }

  #maySend(): boolean {
    if (this.#disposed || !this.#connection.connected || this.#held.bytes >= this.#o.heldBytesMax) return false;
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
    if (taken.attempts === 1) taken.firstSentMs = taken.sentMs;
    const { acknowledgeMsMax: minMs } = this.#o;
    taken.dueMs = taken.sentMs + backoffMs({ failures: taken.attempts, minMs, maxMs: 32 * minMs, random: 0 });
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    try {
      taken.headers ??= headerBlock(taken.message.messageId, taken.message.headers);
      const reply = `${this.#inbox}.${taken.key}`;
      this.#connection.nats.publish(taken.message.subject, taken.body, { headers: taken.headers, reply });
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
        this.#reject(taken, error.message);
      } // else the connection is closing: the message stays unacknowledged, and `stats` shows it
    }
  }

  #answered(answer: Msg): void {
    // The client may deliver an answer of another server before it reports the new connection.
    if (this.#connection.serverId !== this.#serverId) this.#reconnected();
    const key = Number(answer.subject.slice(this.#inbox.length + 1));
    const taken = this.#unacknowledged.get(key);
    if (taken === undefined) {
      this.#probeAnswered(key, answer); // or it is the second answer to a message that was sent twice
      return;
    }
    const acknowledgement = readAcknowledgement(answer);
    this.#answeredMs = performance.now();
    this.#youngestAnsweredMs = Math.max(this.#youngestAnsweredMs, taken.sentMs);
    switch (acknowledgement.kind) {
      case 'stored':
        this.#stored(taken, acknowledgement);
        break;
      case 'rejected':
        this.#reject(taken, acknowledgement.reason);
        break;
      case 'retry':
        taken.sentMs = 0;
        taken.refusedMs ??= this.#answeredMs;
        taken.dueMs =
          this.#answeredMs + backoffMs({ failures: taken.attempts, ...RETRY_BACKOFF, random: Math.random() });
        this.#tell(taken, acknowledgement.reason);
    }
    this.#pump();
  }

  #stored(taken: Taken, { stream, sequence, duplicate }: Extract<Acknowledgement, { kind: 'stored' }>): void {
    if (taken.acknowledgedMs === 0) {
      this.#acknowledged += 1;
      if (duplicate) this.#duplicates += 1;
    }
    this.#forget(taken);
    if (taken.attempts > 1) this.#failures.recovered({}, 'NATS acknowledges published messages again.');
    if (!duplicate && this.#held.hasLostTail(stream, sequence - 1)) {
      this.#publishAgain(`stream ${stream} continued at ${sequence}, before messages that it had acknowledged`, stream);
    }
    // A stream that stores again after it could not may have lost what it had not synced.
    if (taken.refusedMs !== null && taken.refusedMs > (this.#againMs.get(stream) ?? 0)) {
      this.#publishAgain(`stream ${stream} stores messages again`, stream);
    }
    this.#held.hold(taken, { stream, sequence: duplicate ? null : sequence, nowMs: this.#answeredMs });
    // The broker answers a duplicate from memory, which proves nothing about its disk.
    if (!duplicate) this.#held.settle(stream, taken.firstSentMs, this.#holdMs());
    this.#notifyWaiters();
  }

  /** Sends messages again that have waited long enough for an acknowledgement or after a refusal. */
  #sweep(): void {
    if (this.#disposed || !this.#connection.connected) return;
    const nowMs = performance.now();
    for (const taken of this.#unacknowledged.values()) {
      if (taken.dueMs > nowMs || this.#isOnlyQueued(taken, nowMs)) continue;
      taken.refusedMs ??= nowMs;
      this.#tell(taken, 'no acknowledgement yet');
      this.#send(taken);
    }
    this.#probe(nowMs);
  }

  /** Asks streams for their state that hold messages and have acknowledged nothing for a while. */
  #probe(nowMs: number): void {
    const patienceMs = this.#idleWaiters.length > 0 ? 0 : PROBE_AFTER_MS;
    for (const stream of this.#held.streamsHolding(nowMs - this.#holdMs() - patienceMs)) {
      const pending = [...this.#probes.values()].some(
        (probe) => probe.stream === stream && nowMs - probe.sentMs < this.#o.acknowledgeMsMax,
      );
      if (pending) continue;
      this.#lastKey += 1;
      this.#probes.set(this.#lastKey, { stream, sentMs: nowMs });
      const reply = `${this.#inbox}.${this.#lastKey}`;
      this.#connection.nats.publish(`$JS.API.STREAM.INFO.${stream}`, new Uint8Array(), { reply });
    }
  }

  #probeAnswered(key: number, answer: Msg): void {
    const probe = this.#probes.get(key);
    if (probe === undefined) return;
    const { stream, sentMs } = probe;
    for (const [each, { stream: of }] of this.#probes) if (of === stream) this.#probes.delete(each);
    const lastSequence = readLastSequence(answer);
    if (lastSequence === null) return; // the stream is away: the next question comes with the next sweep
    if (this.#held.hasLostTail(stream, lastSequence)) {
      this.#publishAgain(`stream ${stream} ends at ${lastSequence}, before messages that it had acknowledged`, stream);
    } else this.#held.settle(stream, sentMs, this.#holdMs());
    this.#notifyWaiters();
    this.#pump();
  }

  /**
   * A stream acknowledges in order. While acknowledgements of messages sent before this one keep coming, it is only
   * waiting its turn; sending it again would make a slow server slower.
   */
  #isOnlyQueued(taken: Taken, nowMs: number): boolean {
    return taken.sentMs > this.#youngestAnsweredMs && nowMs - this.#answeredMs < this.#o.acknowledgeMsMax;
  }

  /** Messages sent before may have been lost with the connection; those held, with the server. */
  #reconnected(): void {
    if (this.#disposed) return;
    this.#probes.clear();
    if (this.#connection.serverId === this.#serverId) {
      for (const taken of this.#unacknowledged.values()) this.#send(taken);
    } else {
      this.#serverId = this.#connection.serverId;
      this.#publishAgain('another server process answers');
    }
    this.#pump();
  }

  /** Publishes what a stream holds again, or what all hold and everything unacknowledged, in the order of taking. */
  #publishAgain(reason: string, stream?: string): void {
    const held = this.#held.take(stream);
    if (stream !== undefined) this.#againMs.set(stream, performance.now());
    this.#republished += held.length;
    const again = [...held];
    for (let next = this.#again.shift(); next !== undefined; next = this.#again.shift()) again.push(next);
    if (stream === undefined) {
      again.push(...this.#unacknowledged.values());
      this.#retries += this.#unacknowledged.size;
      this.#unacknowledged.clear();
      this.#unacknowledgedBytes = 0;
    }
    this.#again = new Fifo();
    for (const taken of again.sort((a, b) => a.key - b.key)) {
      taken.attempts = 0;
      taken.refusedMs = null;
      this.#again.push(taken);
    }
    if (held.length === 0) return;
    this.#connection.log.info(
      { messages: held.length, reason },
      `Publishing ${held.length} messages again that NATS may not have synced to disk: ${reason}.`,
    );
  }

  #reject(taken: Taken, reason: string): void {
    this.#rejected += 1;
    const { subject, messageId } = taken.message;
    const fields = { subject, messageId, bytes: taken.body.length, reason };
    this.#connection.log.error(fields, `Lost a message to ${subject}: NATS can never store it (${reason}).`);
    for (const listener of this.#rejectedListeners) queueMicrotask(() => listener(taken.message, reason)); // see #notifyRoom
    this.#forget(taken);
    this.#notifyWaiters();
  }

  #forget(taken: Taken): void {
    this.#unacknowledged.delete(taken.key);
    this.#unacknowledgedBytes -= taken.body.length;
  }

  #notifyWaiters(): void {
    if (!this.#isAcknowledged()) return;
    for (const resolve of this.#acknowledgedWaiters.splice(0)) resolve();
    if (!this.#isIdle()) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #isAcknowledged(): boolean {
    return this.#queue.length === 0 && this.#unacknowledged.size === 0 && this.#again.length === 0;
  }

  #isIdle(): boolean {
    return this.#isAcknowledged() && this.#held.count === 0;
  }

  #holdMs(): number {
    return this.#idleWaiters.length > 0 ? Math.min(IDLE_HOLD_MS, this.#o.holdMs) : this.#o.holdMs;
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
  /** When it was first sent to this server process, by the monotonic clock. */
  firstSentMs: number;
  /** When it was last sent; 0 while it waits after a refusal. */
  sentMs: number;
  /** When to send it again. */
  dueMs: number;
  /** When the server first refused it or let it wait too long; null if it did not. */
  refusedMs: number | null;
  /** When it was last acknowledged; 0 before. */
  acknowledgedMs: number;
};

const ENCODER = new TextEncoder();
const SWEEP_MS = 50;
/** Three times the broker's `sync_interval`. */
const IDLE_HOLD_MS = 300;
/** For younger acknowledgements, which settle what is held without a question. */
const PROBE_AFTER_MS = 500;
const RETRY_BACKOFF = { minMs: 50, maxMs: 5_000 };
