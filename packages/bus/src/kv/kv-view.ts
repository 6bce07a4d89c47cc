import { DeliverPolicy } from '@nats-io/jetstream';
import { FailureLog, rest, unlessAborted, WakeUp } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { BadValueError, BusUnavailableError, StreamReplacedError } from '../errors.ts';
import { messageOf, streamInfo } from '../read/ask-stream.ts';
import { readBatches } from '../read/batch-reader.ts';
import { PullSession } from '../read/pull-session.ts';
import type { StreamMessage } from '../read/stream-message.ts';
import { bucketStream, keySubject } from '../topology/stream-config.ts';
import { isValue, type KvEntry, readValue, type ValueCheck } from './kv-entry.ts';

export type KvViewOptions = {
  /** Ends the view. */
  signal: AbortSignal;
  /** Interval at which the whole bucket is compared with the view. Default 30,000. */
  relistMs?: number;
};

/**
 * A live copy of a bucket: the values of all living keys. Changes are pushed, and the view is compared with the whole
 * bucket after each reconnect and on a timer, so a missed change costs one interval at most. A key that was deleted or
 * expired leaves the view. A value that cannot be used is logged once and skipped: the value before it stands.
 *
 * listing -> following (ready) -> ended by the signal or by dispose.
 */
export class KvView<T> implements AsyncDisposable {
  /** Resolves when the first list is complete; rejects with the signal's reason when the view ends before. */
  readonly ready: Promise<void>;
  readonly #connection: Connection;
  readonly #bucket: string;
  readonly #stream: string;
  readonly #relistMs: number;
  readonly #closing = new AbortController();
  readonly #stop: AbortSignal;
  readonly #failures: FailureLog;
  readonly #listeners = new Set<(key: string) => void>();
  /** What is known of each key, dead ones included: a late message about a dead key must not bring it back. */
  readonly #known = new Map<string, { revision: number; learnt: number }>();
  readonly #live = new Map<string, KvEntry<T>>();
  readonly #bad = new Map<string, number>();
  readonly #check: ValueCheck;
  readonly #keep: (value: unknown) => T;
  readonly #done: Promise<unknown>;
  #learnt = 0;

  /** `keep`: what the view holds of a value. */
  constructor(
    connection: Connection,
    bucket: string,
    o: KvViewOptions,
    { check, keep }: { check: ValueCheck; keep: (value: unknown) => T },
  ) {
    this.#check = check;
    this.#keep = keep;
    this.#connection = connection;
    this.#bucket = bucket;
    this.#stream = bucketStream(bucket);
    this.#relistMs = o.relistMs ?? 30_000;
    this.#stop = AbortSignal.any([o.signal, this.#closing.signal]);
    this.#failures = new FailureLog(connection.log);
    const first = this.#listUntilDone();
    this.ready = first.then(() => {});
    this.ready.catch(() => {}); // a caller that does not await it need not handle it
    this.#done = first.then((sequence) => Promise.all([this.#follow(sequence), this.#relist()])).catch(() => {});
  }

  /** The living keys with their values. Always the same map, kept up to date. */
  entries(): ReadonlyMap<string, KvEntry<T>> {
    return this.#live;
  }

  /** Keys whose current value cannot be used, with its revision. */
  bad(): ReadonlyMap<string, number> {
    return this.#bad;
  }

  /**
   * Calls the listener with the key after each change: the key was written, even with a value that cannot be used, or is
   * gone. Returns a function that removes the listener.
   */
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new BusUnavailableError(`the view of ${this.#bucket} was closed`));
    this.#listeners.clear();
    await this.#done;
  }

  /** Applies pushed changes, from the one after `sequence`. */
  async #follow(sequence: number): Promise<void> {
    let last = sequence;
    while (!this.#stop.aborted) {
      try {
        const o = { rowsMax: FOLLOW_ROWS_MAX, ageMsMax: FOLLOW_AGE_MS_MAX, signal: this.#stop };
        for await (const { messages } of readBatches(this.#connection, this.#stream, { sequence: last }, o)) {
          for (const message of messages) {
            this.#learn(message, this.#keyOf(message.subject));
            last = message.sequence;
          }
        }
      } catch (error) {
        if (!(error instanceof StreamReplacedError)) throw error; // closed for good
        this.#connection.log.warn(
          { err: error, bucket: this.#bucket },
          `Bucket ${this.#bucket} was recreated. Reading it from the start.`,
        );
        last = await this.#listUntilDone();
      }
    }
  }

  async #relist(): Promise<void> {
    const wakeUp = new WakeUp();
    const forget = this.#connection.onConnected(() => wakeUp.wake());
    try {
      for (;;) {
        await wakeUp.wait(this.#relistMs, this.#stop);
        await this.#listUntilDone();
      }
    } finally {
      forget();
    }
  }

  /** @returns The sequence from which to follow. @throws The signal's reason. */
  async #listUntilDone(): Promise<number> {
    for (;;) {
      try {
        await this.#connection.whenConnected(this.#stop);
        const sequence = await this.#list();
        this.#failures.recovered({ bucket: this.#bucket }, `Listed bucket ${this.#bucket} again.`);
        return sequence;
      } catch (error) {
        this.#stop.throwIfAborted();
        if (this.#connection.nats.isClosed()) throw error;
        const { message } = error as Error;
        this.#failures.failed(
          message,
          { err: error, bucket: this.#bucket },
          `Cannot list bucket ${this.#bucket}: ${message}. Retrying until it works.`,
        );
        await rest(LIST_RETRY_MS, this.#stop);
      }
    }
  }

  /**
   * Compares the view with the whole bucket. The list overrules what the view knew before it began, even when revisions
   * went back because the bucket was recreated; what the view learnt meanwhile stays.
   */
  async #list(): Promise<number> {
    const learntBefore = this.#learnt;
    const { last_seq: sequence } = (await streamInfo(this.#connection, this.#stream)).state;
    const isFirst = this.#known.size === 0;
    const listed = new Map<string, StreamMessage>();
    for (const message of await this.#lastPerKey({ headersOnly: !isFirst })) {
      listed.set(this.#keyOf(message.subject), message);
    }
    for (const [key, message] of listed) {
      const known = this.#known.get(key);
      if (known?.revision === message.sequence) continue;
      if (known !== undefined && known.learnt > learntBefore && known.revision > message.sequence) continue;
      const whole =
        isFirst || !isValue(message)
          ? message
          : await messageOf(this.#connection, this.#stream, { last_by_subj: keySubject(this.#bucket, key) });
      if (whole !== null) this.#learn(whole, key, { overrule: true });
    }
    for (const [key, { learnt }] of this.#known) {
      if (listed.has(key) || learnt > learntBefore) continue;
      this.#known.delete(key);
      this.#remove(key);
    }
    return sequence;
  }

  /**
   * The last message of every key, read through its own consumer.
   *
   * @throws BusUnavailableError A key disappeared meanwhile: its message counts as waiting and never comes.
   */
  async #lastPerKey(o: { headersOnly: boolean }): Promise<StreamMessage[]> {
    const messages: StreamMessage[] = [];
    const complete = Promise.withResolvers<void>();
    complete.promise.catch(() => {}); // it may fail before it is awaited
    let isIdle = true;
    let idlePulls = 0;
    const session = await PullSession.open(
      this.#connection,
      this.#stream,
      {
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subject: keySubject(this.#bucket, '>'),
        ...(o.headersOnly ? { headers_only: true } : {}),
      },
      {
        onMessage: (message) => {
          isIdle = false;
          messages.push(message);
          // Not a number of messages: a key that is rewritten meanwhile comes twice, or late.
          if (message.pending === 0) complete.resolve();
        },
        onPullOver: () => {
          idlePulls = isIdle ? idlePulls + 1 : 0;
          isIdle = true;
          if (idlePulls < LIST_IDLE_PULLS_MAX) session.pull(LIST_ROWS_MAX, LIST_BYTES_MAX);
          else complete.reject(new BusUnavailableError('keys disappeared while they were listed'));
        },
        onBroken: (reason) => complete.reject(new BusUnavailableError(`the list was interrupted: ${reason}`)),
      },
    );
    try {
      this.#stop.throwIfAborted();
      if (session.pendingAtStart === 0) return [];
      session.pull(LIST_ROWS_MAX, LIST_BYTES_MAX);
      await unlessAborted(complete.promise, this.#stop);
      return messages;
    } finally {
      session.close();
    }
  }

  #learn(message: StreamMessage, key: string, o: { overrule?: boolean } = {}): void {
    const revision = message.sequence;
    const known = this.#known.get(key);
    if (known !== undefined && (known.revision === revision || (!o.overrule && known.revision > revision))) return;
    this.#learnt += 1;
    this.#known.set(key, { revision, learnt: this.#learnt });
    if (!isValue(message)) {
      this.#bad.delete(key);
      this.#live.delete(key);
      this.#notify(key); // even if the key came and went unseen: a listener may have met it by `get`
      return;
    }
    const read = readValue<unknown>(message, key, this.#check);
    if (read.fault !== null) {
      const error = new BadValueError(this.#bucket, key, { ...read, revision });
      const fields = { err: error, bucket: this.#bucket, key, revision };
      const what = this.#live.has(key) ? 'the value before it stands' : 'left out';
      if (!this.#bad.has(key)) this.#connection.log.error(fields, `${error.message}; ${what}. ${error.operatorAction}`);
      this.#bad.set(key, revision);
      this.#notify(key);
      return;
    }
    this.#bad.delete(key);
    this.#live.set(key, { value: this.#keep(read.value), revision });
    this.#notify(key);
  }

  #remove(key: string): void {
    this.#bad.delete(key);
    if (this.#live.delete(key)) this.#notify(key);
  }

  #notify(key: string): void {
    // In a task of its own, so that an exception of a listener does not look like a failure of the bucket.
    for (const listener of [...this.#listeners]) queueMicrotask(() => listener(key));
  }

  #keyOf(subject: string): string {
    return subject.slice(keySubject(this.#bucket, '').length);
  }
}

const FOLLOW_ROWS_MAX = 500;
const FOLLOW_AGE_MS_MAX = 2;
const LIST_ROWS_MAX = 1_000;
const LIST_BYTES_MAX = 16 * 1024 * 1024;
/** One is normal before a message that exceeds the byte limit. */
const LIST_IDLE_PULLS_MAX = 2;
const LIST_RETRY_MS = 1_000;
