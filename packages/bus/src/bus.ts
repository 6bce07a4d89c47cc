import { Connection, type ConnectOptions } from './connection/connection.ts';
import { translateFailure } from './connection/translate-failure.ts';
import { KvBucket } from './kv/kv-bucket.ts';
import type { ValueCheck } from './kv/kv-entry.ts';
import { Publisher, type PublisherOptions } from './publish/publisher.ts';
import { type ReadOptions, readBatches } from './read/batch-reader.ts';
import { type ReadPosition, type StreamBatch, type StreamMessage, storedMessage } from './read/stream-message.ts';
import { type RequestAllOptions, type RequestOptions, request, requestAll } from './request/request.ts';
import { type RequestHandler, serve } from './request/serve.ts';
import { keepReconciled, reconcile } from './topology/reconcile.ts';
import { type BucketName, type StreamName, TOPOLOGY, type Topology } from './topology/topology.ts';

/** Where a stream begins and ends. */
export type StreamState = {
  /** When the stream was made: another one of the same name has another. */
  streamCreatedAt: string;
  firstSequence: number;
  /** 0 while the stream is empty and new; of one that was purged, or lost its last message, no message has it any more. */
  lastSequence: number;
  /** How many it holds. */
  messages: number;
};

/**
 * JetStream as polytape uses it: one connection, the streams and buckets of the table, acknowledged publishing, reading
 * in batches from a position, and live views of buckets. The only code that knows the NATS client.
 */
export class Bus implements AsyncDisposable {
  readonly #connection: Connection;

  /**
   * Connects, and keeps trying while the server is away (which it says at once and then every 30 s). Later it connects
   * again for ever. Credentials in the URL are used: `nats://user:password@host:4222`.
   *
   * @throws {BusConfigurationError} At once, when the URL is malformed or the server refuses the credentials.
   * @throws The signal's reason, when it aborts first.
   */
  static async connect(o: ConnectOptions): Promise<Bus> {
    return new Bus(await Connection.open(o));
  }

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Resolves when the connection is closed for good: by us (undefined), or with the error. The service then ends. */
  get closed(): Promise<Error | undefined> {
    return this.#connection.closed;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  /** Calls the listener each time that a lost connection is back; returns what stops that. */
  onConnected(listener: () => void): () => void {
    return this.#connection.onConnected(listener);
  }

  /**
   * Makes the server's streams and buckets agree with the table: creates and updates, never deletes, and never makes a
   * stream keep less than it does. From then on, until the signal aborts, makes again what is missing. While the right or the room is missing it waits and says so. Any number of processes
   * may do this at once.
   *
   * @param o.replicas Copies of each stream in a cluster (NATS_REPLICAS). Never lowers what a stream has.
   * @throws {BusConfigurationError} The server can never do it: no JetStream, too old, no cluster for the replicas,
   *   another stream on our subjects.
   * @throws The signal's reason, when it aborts first.
   */
  async reconcile(signal: AbortSignal, o: { replicas?: number; topology?: Topology } = {}): Promise<void> {
    const wanted = { topology: o.topology ?? TOPOLOGY, replicas: o.replicas ?? 1, signal };
    await reconcile(this.#connection, wanted);
    void keepReconciled(this.#connection, { ...wanted, intervalMs: LOOK_AFTER_INTERVAL_MS });
  }

  /** A publisher of its own window and queue on this connection. */
  publisher(options: PublisherOptions): Publisher {
    return new Publisher(this.#connection, options);
  }

  /**
   * Reads the stream from behind `from` (null: from its beginning) in batches, each message once and in order, across
   * reconnects and restarts of the server. A batch is handed out when it has `rowsMax` messages (or `bytesMax` bytes), or
   * `ageMsMax` after its first message; the next one fills meanwhile. Sequences rise, with holes where the stream has
   * holes. Waits for a stream that does not exist yet.
   *
   * Ends when the signal aborts; what had come for the next batch is not handed out, for it is still in the stream.
   *
   * @throws {StreamReplacedError} The stream does not continue `from`: it is shorter, or holds another message there; or it
   *   became another one while it was read. Compared at the start and after each interruption.
   */
  readBatches(
    stream: StreamName,
    from: ReadPosition | null,
    o: ReadOptions,
  ): AsyncGenerator<StreamBatch, void, undefined> {
    return readBatches(this.#connection, stream, from, o);
  }

  /** @throws {StreamMissingError | BusUnavailableError | BusPermissionError} */
  async streamState(stream: StreamName): Promise<StreamState> {
    try {
      const { created, state } = await this.#connection.jsm.streams.info(stream);
      return {
        ...{ streamCreatedAt: created, messages: state.messages },
        ...{ firstSequence: state.first_seq, lastSequence: state.last_seq },
      };
    } catch (error) {
      throw translateFailure(error, stream);
    }
  }

  /**
   * The message at this sequence as the stream's leader has it; null when there is none (expired, replaced, or not yet).
   *
   * @throws {StreamMissingError | BusUnavailableError | BusPermissionError}
   */
  async messageAt(stream: StreamName, sequence: number): Promise<StreamMessage | null> {
    try {
      const stored = await this.#connection.jsm.streams.getMessage(stream, { seq: sequence });
      return stored === null ? null : storedMessage(stored);
    } catch (error) {
      throw translateFailure(error, stream);
    }
  }

  /**
   * The last message on this subject as the stream's leader has it; null when there is none.
   *
   * @throws as `messageAt`.
   */
  async lastMessageOn(stream: StreamName, subject: string): Promise<StreamMessage | null> {
    try {
      const stored = await this.#connection.jsm.streams.getMessage(stream, { last_by_subj: subject });
      return stored === null ? null : storedMessage(stored);
    } catch (error) {
      throw translateFailure(error, stream);
    }
  }

  /** A bucket of JSON values. It need not exist yet. `check` says what is wrong with a value that others wrote. */
  async kv<T>(bucket: BucketName, check: ValueCheck = () => null): Promise<KvBucket<T>> {
    return await KvBucket.open<T>(this.#connection, bucket, check);
  }

  /**
   * Answers each request on the subject, across reconnects, until it is disposed. Several may serve one subject: then all
   * of them answer, each for itself. What the handler throws is answered as `{refused: <its message>}`.
   */
  serve(subject: string, handler: RequestHandler): AsyncDisposable {
    return serve(this.#connection, subject, handler);
  }

  /**
   * The first answer to a request. It may be a refusal, `{refused: string}`: `T` says so where that is expected.
   *
   * @throws {NoAnswerError} Nobody serves the subject, or whoever does took too long.
   * @throws {BusUnavailableError | BusPermissionError}
   * @throws The signal's reason, when it aborts first.
   */
  async request<T>(subject: string, body: unknown, o: RequestOptions): Promise<T> {
    return await request<T>(this.#connection, subject, body, o);
  }

  /**
   * The answers of all that serve the subject: those that have come when none came for `stallMs`, or after `waitMs`.
   * Empty when nobody answers.
   *
   * @throws {BusUnavailableError | BusPermissionError}
   * @throws The signal's reason, when it aborts first.
   */
  async requestAll<T>(subject: string, body: unknown, o: RequestAllOptions<T>): Promise<T[]> {
    return await requestAll<T>(this.#connection, subject, body, o);
  }

  /** Sends what was published (waiting a second at most) and closes. Release publishers, readers and views before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

/** How long a stream that was deleted may be missing. */
const LOOK_AFTER_INTERVAL_MS = 5_000;
