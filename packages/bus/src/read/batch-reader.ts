import { type ConsumerConfig, DeliverPolicy } from '@nats-io/jetstream';
import { backoffMs, FailureLog, rest, WakeUp } from '@polytape/resilience';
import type { Connection } from '../connection/connection.ts';
import { BusUnavailableError, connectionClosed, StreamReplacedError } from '../errors.ts';
import { messageOf, streamInfo } from './ask-stream.ts';
import { type BatchLimits, flushReason } from './flush-reason.ts';
import { PullSession } from './pull-session.ts';
import { type DeliveredMessage, isMessageAt, type ReadPosition, type StreamBatch } from './stream-message.ts';

export type ReadOptions = {
  /** Limit of messages in a batch. */
  rowsMax: number;
  /** How long a batch waits for more messages after its first one. */
  ageMsMax: number;
  /** Body bytes at which a batch is handed out even with fewer rows. Default 16 MiB. */
  bytesMax?: number;
  /**
   * Reads only the last message of each subject that matches this one, with `*` for any word. After an interruption newer
   * messages of the same subjects may follow.
   */
  lastOfEach?: string;
  /** How long reading may be interrupted, for whatever reason, before it fails. By default it retries forever. */
  interruptedMsMax?: number;
  /**
   * Called once the broker serves the stream, at the start and again after each interruption, with the number of messages
   * that waited to be read.
   */
  onReading?: (pending: number) => void;
  signal: AbortSignal;
};

/** See `Bus.readBatches`; `stream` is its name on the server. */
export async function* readBatches(
  connection: Connection,
  stream: string,
  from: ReadPosition | null,
  o: ReadOptions,
): AsyncGenerator<StreamBatch, void, undefined> {
  const reader = new BatchReader(connection, stream, from ?? { sequence: 0 }, o);
  try {
    for (;;) {
      const batch = await reader.next();
      if (batch === null) return;
      yield batch;
    }
  } finally {
    reader.close();
  }
}

/**
 * Fills one batch while the caller works on the one before.
 *
 * connecting -> reading -> (session broken) -> connecting ...; -> ended by close, abort, StreamReplacedError or an
 * interruption that lasts too long. The open batch is contiguous and verified, so a new session continues after it:
 * nothing is skipped or repeated.
 */
class BatchReader {
  readonly #connection: Connection;
  readonly #stream: string;
  readonly #limits: BatchLimits;
  readonly #lastOfEach: string | undefined;
  readonly #stop: AbortSignal;
  readonly #closing = new AbortController();
  readonly #failures: FailureLog;
  #session: PullSession | null = null;
  #open: { messages: DeliveredMessage[]; bytes: number; openedAtMs: number } = {
    messages: [],
    bytes: 0,
    openedAtMs: 0,
  };
  /** The last sequence in a batch, open or handed out; the next session continues after it. */
  #sequence: number;
  /** Where reading began, and the last message since then. */
  readonly #from: ReadPosition;
  #lastMessage: DeliveredMessage | null = null;
  #streamCreatedAt: string | null = null;
  #failure: unknown = null;
  /** Fails the reading; set while it is interrupted and interruptions have a limit. */
  #interruption: NodeJS.Timeout | null = null;
  #interruptedBy: unknown = null;
  readonly #interruptedMsMax: number | undefined;
  readonly #onReading: ((pending: number) => void) | undefined;
  readonly #wakeUp = new WakeUp();

  constructor(connection: Connection, stream: string, from: ReadPosition, o: ReadOptions) {
    this.#connection = connection;
    this.#stream = stream;
    this.#from = from;
    this.#sequence = from.sequence;
    this.#limits = { rowsMax: o.rowsMax, bytesMax: o.bytesMax ?? BATCH_BYTES_MAX, ageMsMax: o.ageMsMax };
    this.#lastOfEach = o.lastOfEach;
    this.#interruptedMsMax = o.interruptedMsMax;
    this.#onReading = o.onReading;
    this.#failures = new FailureLog(connection.log);
    this.#stop = AbortSignal.any([o.signal, this.#closing.signal]);
    this.#interrupted();
    void this.#run();
  }

  /** The next batch, or null when reading was stopped; messages of an unfinished batch are still in the stream. */
  async next(): Promise<StreamBatch | null> {
    for (;;) {
      if (this.#stop.aborted) return null;
      if (this.#isDue()) return this.#take();
      // Messages that came before the failure are still good.
      if (this.#failure !== null) {
        if (this.#open.messages.length > 0) return this.#take();
        throw this.#failure;
      }
      await this.#wakeUp.wait(this.#leftMs(), this.#stop);
    }
  }

  close(): void {
    this.#closing.abort();
    if (this.#interruption !== null) clearTimeout(this.#interruption);
    this.#session?.close();
    this.#session = null;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.aborted; ) {
      const before = this.#sequence;
      try {
        await this.#connection.whenConnected(this.#stop);
        const reason = await this.#readUntilBroken();
        if (this.#stop.aborted) return;
        this.#interrupted(new BusUnavailableError(reason));
        this.#connection.log.debug(
          { stream: this.#stream, sequence: this.#sequence, reason },
          'Opening another session to read.',
        );
      } catch (error) {
        if (this.#stop.aborted) return;
        if (error instanceof StreamReplacedError) return this.#fail(error);
        if (this.#connection.nats.isClosed()) return this.#fail(connectionClosed(error));
        this.#interrupted(error);
        const { message } = error as Error;
        this.#failures.failed(
          message,
          { err: error, stream: this.#stream },
          `Cannot read ${this.#stream}: ${message}. Retrying until it works.`,
        );
      }
      failures = this.#sequence > before ? 1 : failures + 1;
      await rest(backoffMs({ failures, ...REOPEN_BACKOFF, random: Math.random() }), this.#stop);
    }
  }

  /** Reads through one session; resolves with the reason for its end. */
  async #readUntilBroken(): Promise<string> {
    await this.#verify();
    const broken = Promise.withResolvers<string>();
    let isAlive = false;
    const alive = () => {
      isAlive = true;
      this.#reading(session.pendingAtStart);
    };
    const session = await PullSession.open(this.#connection, this.#stream, this.#begin(), {
      onAlive: alive,
      onMessage: (message, bytes) => this.#add(message, bytes),
      onPullOver: () => this.#pull(),
      onBroken: broken.resolve,
    });
    if (this.#stop.aborted) {
      session.close();
      return 'stopped';
    }
    const abort = () => broken.resolve('stopped');
    this.#stop.addEventListener('abort', abort, { once: true });
    this.#session = session;
    this.#pull();
    if (!session.pulling) alive(); // the caller keeps a full batch waiting: nothing is requested, so nothing comes
    const reason = await broken.promise;
    this.#stop.removeEventListener('abort', abort);
    session.close();
    this.#session = null;
    if (!isAlive && !this.#stop.aborted) throw new BusUnavailableError(reason);
    return reason;
  }

  /** Notes that nothing can be read now, or still not. */
  #interrupted(cause: unknown = null): void {
    this.#interruptedBy = cause;
    if (this.#interruptedMsMax === undefined) return;
    this.#interruption ??= setTimeout(() => {
      const seconds = (this.#interruptedMsMax ?? 0) / 1_000;
      const cause = this.#connection.connected ? this.#interruptedBy : new Error('the connection to NATS is lost');
      this.#fail(new BusUnavailableError(`${this.#stream} could not be read for ${seconds} s`, { cause }));
    }, this.#interruptedMsMax);
  }

  #reading(pending: number): void {
    if (this.#interruption !== null) clearTimeout(this.#interruption);
    this.#interruption = null;
    this.#failures.recovered({ stream: this.#stream }, `Reading ${this.#stream} again.`);
    this.#onReading?.(pending);
  }

  #begin(): Partial<ConsumerConfig> {
    const filter = this.#lastOfEach === undefined ? {} : { filter_subject: this.#lastOfEach };
    if (this.#lastOfEach !== undefined && this.#sequence === 0)
      return { ...filter, deliver_policy: DeliverPolicy.LastPerSubject };
    return { ...filter, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#sequence + 1 };
  }

  /** @throws {StreamReplacedError} The stream does not continue from what we read so far. */
  async #verify(): Promise<void> {
    const replaced = (reason: string) => new StreamReplacedError(this.#stream, this.#sequence, reason);
    const info = await streamInfo(this.#connection, this.#stream);
    this.#streamCreatedAt ??= info.created;
    if (info.created !== this.#streamCreatedAt) throw replaced('it was deleted and recreated');
    if (info.state.last_seq < this.#sequence) throw replaced(`it ends at ${info.state.last_seq}`);
    if (this.#sequence === 0) return;
    // A server that lost its tail gives the same sequences to other messages. A missing message proves nothing: it expired.
    const stored = await messageOf(this.#connection, this.#stream, { seq: this.#sequence });
    if (stored !== null && !isMessageAt(this.#position(), stored)) throw replaced('it holds another message there');
  }

  #position(): ReadPosition {
    const last = this.#lastMessage;
    if (last === null) return this.#from;
    return { sequence: last.sequence, messageId: last.messageId, messageAtMs: last.storedAtMs };
  }

  #add(message: DeliveredMessage, bytes: number): void {
    if (message.sequence <= this.#sequence) {
      this.#fail(new StreamReplacedError(this.#stream, this.#sequence, `it went back to ${message.sequence}`));
      return;
    }
    this.#sequence = message.sequence;
    this.#lastMessage = message;
    if (this.#open.messages.length === 0) {
      this.#open.openedAtMs = performance.now();
      this.#wakeUp.wake(); // its age counts from now
    }
    this.#open.messages.push(message);
    this.#open.bytes += bytes;
    if (this.#isDue()) this.#wakeUp.wake();
  }

  /** How long the open batch may still wait for messages. */
  #leftMs(): number {
    if (this.#open.messages.length === 0) return Number.POSITIVE_INFINITY;
    return this.#limits.ageMsMax - (performance.now() - this.#open.openedAtMs);
  }

  /** Requests as much as the open batch has room for; nothing while the caller keeps a full batch waiting. */
  #pull(): void {
    if (this.#session === null || this.#session.pulling) return;
    const rows = this.#limits.rowsMax - this.#open.messages.length;
    if (rows <= 0 || this.#open.bytes >= this.#limits.bytesMax) return;
    this.#session.pull(rows, this.#limits.bytesMax); // so the open batch exceeds its limit by one pull at most
  }

  #take(): StreamBatch {
    const { messages } = this.#open;
    this.#open = { messages: [], bytes: 0, openedAtMs: 0 };
    this.#pull();
    return { messages, pending: messages.at(-1)?.pending ?? 0 };
  }

  #isDue(): boolean {
    const { messages, bytes, openedAtMs } = this.#open;
    return flushReason({ rows: messages.length, bytes, openedAtMs }, this.#limits, performance.now()) !== null;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#session?.close();
    this.#wakeUp.wake();
  }
}

const BATCH_BYTES_MAX = 16 * 1024 * 1024;
const REOPEN_BACKOFF = { minMs: 10, maxMs: 1_000 };
