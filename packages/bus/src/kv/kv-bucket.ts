import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { Connection } from '../connection/connection.ts';
import { translateFailure } from '../connection/translate-failure.ts';
import { BadValueError, BusUnavailableError, RevisionConflictError } from '../errors.ts';
import { messageOf } from '../read/ask-stream.ts';
import { bucketStream, keySubject } from '../topology/stream-config.ts';
import type { BucketName } from '../topology/topology.ts';
import { isValue, type KvEntry, readValue, type ValueCheck } from './kv-entry.ts';
import { KvView, type KvViewOptions } from './kv-view.ts';

/**
 * A bucket of JSON values. Each call asks the bucket's leader once, waits at most 5 s for a lost connection to come
 * back, and throws BusUnavailableError, StreamMissingError or BusPermissionError when it fails.
 * Keys consist of letters, digits and `-/=._`.
 */
export class KvBucket<T> {
  readonly name: BucketName;
  readonly #connection: Connection;
  readonly #kv: KV;
  readonly #check: ValueCheck;
  /** Keys whose bad value was logged, until they hold a good one again. */
  readonly #loggedBad = new Set<string>();

  static async open<T>(connection: Connection, name: BucketName, check: ValueCheck): Promise<KvBucket<T>> {
    return new KvBucket<T>(connection, name, await new Kvm(connection.js).open(name), check);
  }

  private constructor(connection: Connection, name: BucketName, kv: KV, check: ValueCheck) {
    this.#connection = connection;
    this.name = name;
    this.#kv = kv;
    this.#check = check;
  }

  /**
   * The value as the leader has it (a follower's may be old); null when the key does not exist, was deleted or has expired.
   *
   * @throws {BadValueError} The value cannot be used.
   */
  async get(key: string): Promise<KvEntry<T> | null> {
    const last = { last_by_subj: keySubject(this.name, key) };
    const message = await this.#ask(key, () => messageOf(this.#connection, bucketStream(this.name), last));
    if (message === null || !isValue(message)) return null;
    const read = readValue<T>(message, key, this.#check);
    if (read.fault !== null) throw new BadValueError(this.name, key, { ...read, revision: message.sequence });
    return { value: read.value, revision: message.sequence };
  }

  /**
   * All living keys with their values, each as the leader has it. Not a snapshot of one moment: keys are read side by
   * side, and each value held at some time after the call. A key whose value cannot be used is left out and logged once.
   */
  async list(): Promise<Map<string, KvEntry<T>>> {
    const stream = bucketStream(this.name);
    const prefix = keySubject(this.name, '');
    const filter = { subjects_filter: keySubject(this.name, '>') };
    const { state } = await this.#ask('>', () => this.#connection.jsm.streams.info(stream, filter));
    const keys = Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    const entries = await Promise.all(keys.map(async (key) => [key, await this.#getGood(key)] as const));
    return new Map(entries.filter((entry): entry is [string, KvEntry<T>] => entry[1] !== null));
  }

  /** Writes a key that does not exist, was deleted or has expired. @throws {RevisionConflictError} It exists. */
  create(key: string, value: T): Promise<number> {
    return this.#ask(key, () => this.#kv.create(key, JSON.stringify(value)));
  }

  /** Writes the key only while it is at `revision`. @throws {RevisionConflictError} It is not. */
  update(key: string, value: T, revision: number): Promise<number> {
    return this.#ask(key, () => this.#kv.update(key, JSON.stringify(value), revision));
  }

  /** Deletes the key; with `revision`, only while it is at that revision. @throws {RevisionConflictError} It is not. */
  delete(key: string, revision?: number): Promise<void> {
    return this.#ask(key, () => this.#kv.delete(key, revision === undefined ? {} : { previousSeq: revision }));
  }

  /** A live copy of the whole bucket; see KvView. */
  view(o: KvViewOptions): KvView<T> {
    return new KvView(this.#connection, this.name, o, { check: this.#check, keep: (value) => value as T });
  }

  /** A view without the values, which may be large, for a caller that compares revisions. */
  revisions(o: KvViewOptions): KvView<null> {
    return new KvView(this.#connection, this.name, o, { check: this.#check, keep: () => null });
  }

  async #getGood(key: string): Promise<KvEntry<T> | null> {
    try {
      const entry = await this.get(key);
      this.#loggedBad.delete(key);
      return entry;
    } catch (error) {
      if (!(error instanceof BadValueError)) throw error;
      const fields = { err: error, bucket: this.name, key, revision: error.revision };
      if (!this.#loggedBad.has(key))
        this.#connection.log.error(fields, `${error.message}; left out. ${error.operatorAction}`);
      this.#loggedBad.add(key);
      return null;
    }
  }

  async #ask<R>(key: string, request: () => Promise<R>): Promise<R> {
    const late = AbortSignal.timeout(WAIT_MS_MAX);
    try {
      await this.#connection.whenConnected(late);
    } catch (error) {
      if (error !== late.reason) throw error; // closed for good
      throw new BusUnavailableError(`the connection to NATS did not come back within ${WAIT_MS_MAX / 1_000} s`);
    }
    try {
      return await request();
    } catch (error) {
      if (error instanceof JetStreamApiError && CONFLICTS.has(error.code)) {
        throw new RevisionConflictError(this.name, key, error);
      }
      throw translateFailure(error, bucketStream(this.name));
    }
  }
}

const CONFLICTS: ReadonlySet<number> = new Set([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);
const WAIT_MS_MAX = 5_000;
