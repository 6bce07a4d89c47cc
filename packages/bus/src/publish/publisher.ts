import { createInbox, errors, type Msg, type MsgHdrs, type Subscription } from '@nats-io/transport-node';
import { atMost, FailureLog } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { type Acknowledgement, readAcknowledgement } from './acknowledgement.ts';
import { HeldMessages } from './held-messages.ts';
import { Outgoing, type OutgoingMessage, WireWriter } from './outgoing.ts';
import type { PublisherOptions, PublisherStats } from './publisher-options.ts';
import { SendQueue } from './send-queue.ts';
import { PROBE_WORD, StreamProbes } from './stream-probes.ts';
import { Unacknowledged } from './unacknowledged.ts';

/**
 * Publishes with acknowledgements and forgets a message only when it is settled: acknowledged by JetStream, and synced to disk.
 *
 * queued -> sent (`Unacknowledged`) -> acknowledged and held (`HeldMessages`) -> settled, once the stream has shown that it
 * worked on for long enough (`StreamProbes`). The broker syncs its disk every `sync_interval`, not for each message, so a loss of power
 * takes back what it acknowledged last. Everything held is published again, in the order of taking, when another server
 * process answers, when a stream no longer has what it acknowledged, or when it stores messages again after it had
 * failed to. The same message id keeps a copy that did survive the only one.
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
  readonly #wire = new WireWriter();
  readonly #queue: SendQueue;
  readonly #unacknowledged: Unacknowledged;
  readonly #held = new HeldMessages();
  readonly #probes: StreamProbes;
  /** When each stream's messages were last published again. */
  readonly #againMs = new Map<string, number>();
  /** The server process that has acknowledged what is held. */
  #serverId: string | undefined;
  readonly #rejectedListeners = new Set<(message: OutgoingMessage, reason: string) => void>();
  #acknowledgedWaiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #nextPump: NodeJS.Timeout | null = null;
  /** What is sent now shares the write that the client makes at the end of this microtask. */
  #isWriting = false;
  #writtenMs = 0;
  readonly #written = () => {
    this.#isWriting = false;
  };
  #lastKey = 0;
  #disposed = false;
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
    this.#queue = new SendQueue(this.#o);
    this.#unacknowledged = new Unacknowledged(this.#o);
    this.#probes = new StreamProbes({
      ...{ connection, inbox: this.#inbox, answerMsMax: this.#o.acknowledgeMsMax },
      onIntact: (stream, askedMs) => this.#held.settle(stream, askedMs - this.#holdMs()),
      onTailLost: (stream, reason) => this.#publishAgain(reason, stream),
    });
    this.#answers = connection.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => (error === null ? this.#answered(answer) : this.#deaf(error)),
    });
    this.#serverId = connection.serverId;
    this.#forgetConnected = connection.onConnected(() => this.#reconnected());
  }

  /** Takes the message, even when `full` or while NATS is away. */
  publish(message: OutgoingMessage): void {
    this.#lastKey += 1;
    const taken = this.#taken(message);
    if (taken === null) return;
    this.#queue.push(taken);
    this.#pumpSoon();
    this.#queue.notifyFull();
  }

  /** The queue has reached its limit: the caller pauses its source until `onRoom` calls it. */
  get full(): boolean {
    return this.#queue.full;
  }

  /** Calls the listener each time the queue becomes full, before `publish` returns; returns what stops that. */
  onFull(listener: () => void): () => void {
    return this.#queue.onFull(listener);
  }

  /** Calls the listener each time the queue falls below half of its limit after it was full. Returns a function that removes it. */
  onRoom(listener: () => void): () => void {
    return this.#queue.onRoom(listener);
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

  /**
   * For a stop: resolves once every message is settled, or acknowledged and not settled within this time, which it logs.
   *
   * @returns The number of messages that are not settled.
   */
  async finish(o: { settleMsMax: number }): Promise<number> {
    await this.acknowledged();
    await atMost(o.settleMsMax, this.idle());
    const { unacknowledged, held } = this.stats();
    const unsettled = unacknowledged + held;
    if (unsettled > 0) {
      this.#connection.log.warn(
        { messages: unsettled },
        `NATS has acknowledged ${unsettled} messages that may not be on its disk. They are lost if its machine has lost power.`,
      );
    }
    return unsettled;
  }

  /** Forgets the messages that were never acknowledged. The others are kept until they are settled, and published again if need be. */
  forgetUnacknowledged(): void {
    this.#queue.forgetUnacknowledged();
    for (const message of this.#unacknowledged.values()) {
      if (message.acknowledgedMs === 0) this.#unacknowledged.forget(message);
    }
    this.#pump();
    this.#notifyWaiters();
  }

  stats(): PublisherStats {
    const waiting = [this.#unacknowledged.values().next().value, this.#queue.peek()].filter(
      (each) => each !== undefined,
    );
    const oldest = waiting.sort((a, b) => a.key - b.key)[0];
    return {
      queued: this.#queue.count,
      queuedBytes: this.#queue.bytes,
      unacknowledged: this.#unacknowledged.count + this.#queue.againCount,
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

  /** Stops sending at once. To stop without loss await `finish` first; `stats()` shows what is unfinished. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#forgetConnected();
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    if (this.#nextPump !== null) clearTimeout(this.#nextPump);
    if (!this.#connection.nats.isClosed()) this.#answers.unsubscribe();
  }

  /** Null if it cannot be written as a message. */
  #taken(message: OutgoingMessage): Outgoing | null {
    try {
      return new Outgoing(this.#lastKey, message, this.#wire.write(message));
    } catch (error) {
      if (!(error instanceof errors.InvalidArgumentError)) throw error;
      this.#reportRejected(message, error.message);
      return null;
    }
  }

  /**
   * Sends at once, unless something was written to the socket less than a millisecond ago: a write costs as much as making
   * five messages, here and in the server. What is sent without a pause in between shares one write anyway.
   */
  #pumpSoon(): void {
    if (this.#isWriting || performance.now() - this.#writtenMs >= WRITE_INTERVAL_MS) this.#pump();
    else this.#nextPump ??= setTimeout(() => this.#pump(), WRITE_INTERVAL_MS);
  }

  #pump(): void {
    if (this.#nextPump !== null) clearTimeout(this.#nextPump);
    this.#nextPump = null;
    if (!this.#isWriting) {
      this.#isWriting = true;
      this.#writtenMs = performance.now();
      queueMicrotask(this.#written);
    }
    while (this.#maySend()) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      this.#send(message, performance.now());
    }
    this.#queue.notifyRoom();
  }

  #maySend(): boolean {
    if (this.#disposed || !this.#connection.connected || this.#held.bytes >= this.#o.heldBytesMax) return false;
    const { count, bytes } = this.#unacknowledged;
    return count === 0 || (count < this.#o.unacknowledgedMax && bytes < this.#o.unacknowledgedBytesMax);
  }

  #send(message: Outgoing, nowMs: number): void {
    if (message.attempts > 0) this.#retries += 1;
    this.#unacknowledged.sent(message, nowMs);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    try {
      const reply = `${this.#inbox}.${message.key}`;
      this.#connection.nats.publish(message.subject, message.body, { headers: message as unknown as MsgHdrs, reply });
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError) {
        this.#reject(message, error.message);
      } // else the connection is closing: the message stays unacknowledged, and `stats` shows it
    }
  }

  #answered(answer: Msg): void {
    // The client may deliver an answer of another server before it reports the new connection.
    if (this.#connection.serverId !== this.#serverId) this.#reconnected();
    const word = answer.subject.slice(this.#inbox.length + 1);
    if (word.startsWith(PROBE_WORD)) this.#probes.answered(word, answer);
    else this.#acknowledgedBy(answer, this.#unacknowledged.get(Number(word)));
    this.#notifyWaiters();
    if (this.#queue.peek() !== undefined) this.#pumpSoon();
  }

  /** @param message Undefined at the second answer to a message that was sent twice. */
  #acknowledgedBy(answer: Msg, message: Outgoing | undefined): void {
    if (message === undefined) return;
    const acknowledgement = readAcknowledgement(answer);
    const nowMs = performance.now();
    this.#unacknowledged.answered(message, nowMs);
    switch (acknowledgement.kind) {
      case 'stored':
        this.#stored(message, acknowledgement, nowMs);
        break;
      case 'rejected':
        this.#reject(message, acknowledgement.reason);
        break;
      case 'retry':
        this.#unacknowledged.refused(message, nowMs);
        this.#tell(message, acknowledgement.reason);
    }
  }

  #stored(message: Outgoing, answer: Extract<Acknowledgement, { kind: 'stored' }>, nowMs: number): void {
    const { stream, sequence, duplicate } = answer;
    if (message.acknowledgedMs === 0) {
      this.#acknowledged += 1;
      if (duplicate) this.#duplicates += 1;
    }
    this.#unacknowledged.forget(message);
    if (message.attempts > 1) this.#failures.recovered({}, 'NATS acknowledges published messages again.');
    if (!duplicate && this.#held.hasGoneBack(stream, sequence)) {
      this.#publishAgain(`stream ${stream} continued at ${sequence}, before messages that it had acknowledged`, stream);
    }
    // A stream that stores again after it could not may have lost what it had not synced.
    if (message.refusedMs > (this.#againMs.get(stream) ?? 0)) {
      this.#publishAgain(`stream ${stream} stores messages again`, stream);
    }
    this.#held.hold(message, { stream, sequence, nowMs });
  }

  /** Sends messages again that have waited too long, and asks the streams whose messages may be settled by now. */
  #sweep(): void {
    if (this.#disposed || !this.#connection.connected) return;
    const nowMs = performance.now();
    for (const message of this.#unacknowledged.due(nowMs)) {
      message.refusedMs ||= nowMs;
      this.#tell(message, 'no acknowledgement yet');
      this.#send(message, nowMs);
    }
    const intervalMs = this.#idleWaiters.length > 0 ? 0 : PROBE_INTERVAL_MS;
    for (const stream of this.#held.streamsHolding(nowMs - this.#holdMs())) {
      this.#probes.ask(stream, this.#held.lastIn(stream), { intervalMs });
    }
  }

  /** Messages sent before may have been lost with the connection; those held, with the server. */
  #reconnected(): void {
    if (this.#disposed) return;
    this.#probes.forget();
    if (this.#connection.serverId === this.#serverId) {
      const nowMs = performance.now();
      for (const message of [...this.#unacknowledged.values()]) this.#send(message, nowMs);
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
    let again = held;
    if (stream === undefined) {
      again = [...held, ...this.#unacknowledged.take()];
      this.#retries += again.length - held.length;
    }
    for (const message of again) {
      message.attempts = 0;
      message.refusedMs = 0;
    }
    this.#queue.pushAgain(again);
    if (held.length === 0) return;
    this.#connection.log.info(
      { messages: held.length, reason },
      `Publishing ${held.length} messages again that NATS may not have synced to disk: ${reason}.`,
    );
  }

  #reject(message: Outgoing, reason: string): void {
    const { subject, messageId, body } = message;
    this.#unacknowledged.forget(message);
    this.#reportRejected({ subject, messageId, body: DECODER.decode(body) }, reason);
  }

  #reportRejected(message: OutgoingMessage, reason: string): void {
    this.#rejected += 1;
    const { subject, messageId, body } = message;
    this.#connection.log.error(
      { subject, messageId, length: body.length, reason },
      `Lost a message to ${subject}: NATS can never store it (${reason}).`,
    );
    for (const listener of this.#rejectedListeners) queueMicrotask(() => listener(message, reason)); // see SendQueue.notifyRoom
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
    return this.#queue.peek() === undefined && this.#unacknowledged.count === 0;
  }

  #isIdle(): boolean {
    return this.#isAcknowledged() && this.#held.count === 0;
  }

  #holdMs(): number {
    return this.#idleWaiters.length > 0 ? Math.min(IDLE_HOLD_MS, this.#o.holdMs) : this.#o.holdMs;
  }

  #tell(message: Outgoing, reason: string): void {
    this.#failures.failed(
      reason,
      { subject: message.subject, attempts: message.attempts, reason, unacknowledged: this.#unacknowledged.count },
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

const DECODER = new TextDecoder();
const SWEEP_MS = 50;
const WRITE_INTERVAL_MS = 1;
/** Three times the broker's `sync_interval`. */
const IDLE_HOLD_MS = 300;
const PROBE_INTERVAL_MS = 250;
