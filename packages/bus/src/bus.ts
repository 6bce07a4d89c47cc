import { Connection, type ConnectOptions } from './connection/connection.ts';
import { KvBucket } from './kv/kv-bucket.ts';
import type { ValueCheck } from './kv/kv-entry.ts';
import { Publisher } from './publish/publisher.ts';
import type { PublisherOptions } from './publish/publisher-options.ts';
import { messageOf, sequenceBefore, streamInfo } from './read/ask-stream.ts';
import { type ReadOptions, readBatches } from './read/batch-reader.ts';
import type { ReadPosition, StreamBatch, StreamMessage } from './read/stream-message.ts';
import { type RequestAllOptions, type RequestOptions, request, requestAll } from './request/request.ts';
import { type RequestHandler, serve } from './request/serve.ts';
import { keepReconciled, reconcile } from './topology/reconcile.ts';
import { type BucketName, type StreamName, TOPOLOGY, type Topology } from './topology/topology.ts';

/** Where a stream begins and ends. */
export type StreamState = {
  /** When the stream was created, as the server writes it. Tells two streams of the same name apart. */
  streamCreatedAt: string;
  firstSequence: number;
  /** 0 in a new stream. In a stream that was purged, or lost its last message, no message has this sequence any more. */
  lastSequence: number;
  /** Number of messages that it holds. */
  messages: number;
};

/**
 * JetStream as polytape uses it: one connection, the streams and buckets of the table, acknowledged publishing, reading
 * in batches from a position, and live views of buckets. The only code that knows the NATS client.
 */
export class Bus implements AsyncDisposable {
  readonly #connection: Connection;

  /**
   * Connects, and retries while the server is away (logged at once and then every minute). A connection that is lost later
   * comes back by itself. Credentials go into the URL: `nats://user:password@host:4222`.
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

  /** Resolves when the connection is closed for good: with undefined when we closed it, else with the error. */
  get closed(): Promise<Error | undefined> {
    return this.#connection.closed;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  /** Calls the listener each time a lost connection is back. Returns a function that removes the listener. */
  onConnected(listener: () => void): () => void {
    return this.#connection.onConnected(listener);
  }

  /**
   * Makes the server's streams and buckets agree with the table: creates and updates, never deletes, and never makes a
   * stream keep less than it does. Waits, and logs it, while the user lacks the permission or the server the space. From
   * then on, until the signal aborts, recreates streams that disappear. Any number of processes may do this at once.
   *
   * @param o.replicas Copies of each stream in a cluster (NATS_REPLICAS). A stream that has more keeps them.
   * @throws {BusConfigurationError} The server can never do it: no JetStream, too old, no cluster for the replicas,
   *   another stream on our subjects.
   * @throws The signal's reason, when it aborts first.
   */
  async reconcile(signal: AbortSignal, o: { replicas?: number; topology?: Topology } = {}): Promise<void> {
    const wanted = { topology: o.topology ?? TOPOLOGY, replicas: o.replicas ?? 1, signal };
    await reconcile(this.#connection, wanted);
    void keepReconciled(this.#connection, { ...wanted, intervalMs: LOOK_AFTER_INTERVAL_MS });
  }

  /** A publisher on this connection, with its own window and queue. */
  publisher(options: PublisherOptions): Publisher {
    return new Publisher(this.#connection, options);
  }

  /**
   * Reads the stream in batches from the message after `from` (null: from its beginning), each message once and in order,
   * across reconnects and restarts of the server. A batch is handed out when it has `rowsMax` messages (or `bytesMax`
   * bytes), or `ageMsMax` after its first message; the next one fills meanwhile. Sequences rise, with gaps where the stream
   * has gaps. Waits for a stream that does not exist yet.
   *
   * Ends when the signal aborts. Messages of an unfinished batch are not handed out; they are still in the stream.
   *
   * @throws {StreamReplacedError} The stream is shorter than `from`, holds another message there, or was recreated. It is
   *   compared at the start and after each interruption.
   * @throws {BusUnavailableError} It could not be read for `interruptedMsMax`.
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
    const { created, state } = await streamInfo(this.#connection, stream);
    return {
      ...{ streamCreatedAt: created, messages: state.messages },
      ...{ firstSequence: state.first_seq, lastSequence: state.last_seq },
    };
  }

  /**
   * The message at this sequence as the stream's leader has it; null when there is none (expired, replaced, or not yet).
   *
   * @throws {StreamMissingError | BusUnavailableError | BusPermissionError}
   */
  messageAt(stream: StreamName, sequence: number): Promise<StreamMessage | null> {
    return messageOf(this.#connection, stream, { seq: sequence });
  }

  /**
   * The sequence before the first message that the broker stored at this time or later.
   *
   * @throws as `messageAt`.
   */
  sequenceBefore(stream: StreamName, timeMs: number): Promise<number> {
    return sequenceBefore(this.#connection, stream, timeMs);
  }

  /**
   * The last message on this subject as the stream's leader has it; null when there is none.
   *
   * @throws as `messageAt`.
   */
  lastMessageOn(stream: StreamName, subject: string): Promise<StreamMessage | null> {
    return messageOf(this.#connection, stream, { last_by_subj: subject });
  }

  /** A bucket of JSON values. It need not exist yet. `check` returns what is wrong with a value, or null. */
  async kv<T>(bucket: BucketName, check: ValueCheck = () => null): Promise<KvBucket<T>> {
    return await KvBucket.open<T>(this.#connection, bucket, check);
  }

  /**
   * Answers requests on the subject, across reconnects, until it is disposed. When several processes serve one subject,
   * each of them answers. An exception of the handler is answered with `{refused: <its message>}`.
   */
  serve(subject: string, handler: RequestHandler): AsyncDisposable {
    return serve(this.#connection, subject, handler);
  }

  /**
   * The first answer to a request. It may be a refusal, `{refused: string}`; include that in `T` where it can happen.
   *
   * @throws {NoAnswerError} Nobody serves the subject, or the answer took too long.
   * @throws {BusUnavailableError | BusPermissionError}
   * @throws The signal's reason, when it aborts first.
   */
  async request<T>(subject: string, body: unknown, o: RequestOptions): Promise<T> {
    return await request<T>(this.#connection, subject, body, o);
  }

  /**
   * The answers of all processes that serve the subject. Stops waiting when no answer came for `stallMs`, or after
   * `waitMs`. Empty when nobody answers.
   *
   * @throws {BusUnavailableError | BusPermissionError}
   * @throws The signal's reason, when it aborts first.
   */
  async requestAll<T>(subject: string, body: unknown, o: RequestAllOptions<T>): Promise<T[]> {
    return await requestAll<T>(this.#connection, subject, body, o);
  }

  /** Flushes (waiting a second at most) and closes. Dispose of publishers, readers and views first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

/** How often a deleted stream is looked for. */
const LOOK_AFTER_INTERVAL_MS = 5_000;
