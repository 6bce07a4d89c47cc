import type { Bus, StreamMessage, StreamName } from '@polytape/bus';
import { backoffMs, FailureLog, type Log, rest } from '@polytape/resilience';
import { errorSentence } from '@polytape/service';
import {
  BatchLimitError,
  BatchRejectedError,
  type Database,
  type DeadLetter,
  type Loss,
  type ProjectionBatch,
  type RetainedTable,
  type StreamPosition,
  type TradeRows,
} from '@polytape/tapedb';
import { type ContiguousPart, contiguousParts, continueFrom } from './log-continuity.ts';
import { retentionRounds } from './retention-rounds.ts';
import { judgeRewrittenTail, type RewrittenTail } from './rewritten-tail.ts';
import { joinedParts, snapshotParts } from './snapshot-parts.ts';
import { projectDeadLetter, projectMessages, type StreamProjection } from './stream-projection.ts';

export type StreamProjectorOptions = {
  projection: StreamProjection;
  bus: Bus;
  database: Database;
  limits: { rowsMax: number; bytesMax: number; ageMsMax: number };
  /** How long the stream may be unreadable before another writer may take it over. */
  takeoverAfterMs: number;
  /** How long publishers may take to send the lost end of a stream again. */
  republishedWithinMs: number;
  /** Days that rows are kept, by table; 0 keeps them forever. */
  retentionDays: Record<RetainedTable, number>;
  /** Called after each COMMIT. */
  onCommitted: (committed: { trades: TradeRows | undefined; inserted: number; deadLetters: number }) => void;
  log: Log;
};

/**
 * Keeps the database's projection of one stream up to date, from the database's own position.
 *
 * idle -> standing by (another writer holds the stream's lock) -> projecting -> idle after any failure, which releases the
 * lock -> ... Nothing is acknowledged to the broker and nothing can be redelivered: after a failure the position is read
 * again, because the COMMIT may have succeeded, and reading continues from there.
 */
export class StreamProjector {
  readonly #o: StreamProjectorOptions;
  readonly #failures: FailureLog;
  #state: 'idle' | 'standing by' | 'projecting' = 'idle';
  /** Set until something shows that it is over: another writer at work, a commit, or the broker serving the stream. */
  #failure: string | null = 'starting';
  /** The failure was that of a commit, so a readable stream does not show that it is over. */
  #isCommitFailing = false;
  /** The broker's time of the oldest message known to be in the stream and not in the database. */
  #oldestAtMs: number | null = null;
  #position: StreamPosition | null = null;
  #streamCreatedAt = '';
  #messagesInHand = 0;
  /** Rows of one transaction. Below the setting after a batch ran into a limit of the database, until we have caught up. */
  #rowsMax: number;
  /** Consecutive batches that ran into a limit of the database, and the last message that did so alone. */
  #limitFailures = 0;
  #aloneAtLimit: number | null = null;

  constructor(options: StreamProjectorOptions) {
    this.#o = options;
    this.#failures = new FailureLog(options.log);
    this.#rowsMax = options.limits.rowsMax;
  }

  /** Projects until `signal` aborts; finishes the running transaction first. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        // The database may have been dropped and recreated: then the schema is missing, too.
        if (failures > 0) await this.#o.database.migrate();
        await this.#lead(signal, () => {
          failures = 0;
        });
      } catch (error) {
        this.#isCommitFailing = this.#messagesInHand > 0;
        this.#messagesInHand = 0;
        this.#state = 'idle';
        if (signal.aborted) return;
        this.#failure = errorSentence(error);
        failures += 1;
        const retryInMs = backoffMs({ failures, ...RETRY_BACKOFF, random: Math.random() });
        this.#failures.failed(
          this.#failure,
          { stream: this.stream, retryInMs },
          `Projection of ${this.stream} interrupted: ${this.#failure}. Another writer may take over; retrying in ${(retryInMs / 1_000).toFixed(1)} s.`,
        );
        await rest(retryInMs, signal);
      }
    }
  }

  get stream(): StreamName {
    return this.#o.projection.stream;
  }

  /** Why this writer neither projects the stream nor stands by; null while it does either. */
  get failure(): string | null {
    return this.#failure;
  }

  /** How long the oldest unstored message has been in the stream; 0 when all are stored or another writer is at work. */
  lagMs(nowMs: number): number {
    return this.#oldestAtMs === null ? 0 : Math.max(0, nowMs - this.#oldestAtMs);
  }

  /** True while this writer holds the stream's lock. */
  get isActive(): boolean {
    return this.#state === 'projecting';
  }

  /** Sequence of the last stored message; 0 before the first. */
  get position(): number {
    return this.#position?.sequence ?? 0;
  }

  /** Messages read and not yet committed. */
  get messagesInHand(): number {
    return this.#messagesInHand;
  }

  async #lead(stop: AbortSignal, onProgress: () => void): Promise<void> {
    const { bus, database, projection, limits, takeoverAfterMs, log } = this.#o;
    const { stream } = projection;
    // A writer that cannot reach the log does not ask for the lock: another writer may reach it.
    await bus.streamState(stream);
    await using lock = await database.lockStream(stream, { signal: stop, onWaiting: () => this.#standBy() });
    this.#state = 'projecting';
    const signal = AbortSignal.any([stop, lock.lost]);
    const readAfter = await this.#start(signal);
    log.info({ stream, readAfter }, `Projecting ${stream} from message ${readAfter + 1}.`);

    await using _retention = this.#retention(signal);
    const from = this.#position ?? { sequence: readAfter };
    const onReading = (waiting: number) => {
      if (waiting === 0) this.#caughtUp();
      else if (!this.#isCommitFailing) this.#failure = null;
    };
    let last = readAfter;
    for await (const { messages, pending } of bus.readBatches(stream, from, {
      ...{ ...limits, signal },
      ...{ interruptedMsMax: takeoverAfterMs, onReading },
    })) {
      this.#messagesInHand = messages.length;
      this.#oldestAtMs = messages[0]?.storedAtMs ?? null;
      for (const part of contiguousParts(messages, last)) {
        if (part.missingBefore > 0 && !projection.keepsLastOnly) await this.#recordGap(part);
        await this.#commitInPortions(part.messages);
        last = part.messages.at(-1)?.sequence ?? last;
      }
      if (messages.length <= this.#rowsMax) this.#rowsMax = limits.rowsMax;
      this.#messagesInHand = 0;
      this.#isCommitFailing = false;
      this.#failure = null;
      this.#oldestAtMs = pending === 0 ? null : (messages.at(-1)?.storedAtMs ?? null);
      onProgress();
    }
    lock.lost.throwIfAborted();
  }

  #standBy(): void {
    this.#state = 'standing by';
    this.#caughtUp();
  }

  /** Notes that nothing is left for this writer to commit. */
  #caughtUp(): void {
    this.#isCommitFailing = false;
    this.#failure = null;
    this.#oldestAtMs = null;
  }

  /** Drops old rows while this writer projects the stream. */
  #retention(signal: AbortSignal): AsyncDisposable {
    const { database, projection, retentionDays, log } = this.#o;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const tables = projection.retained.filter((table) => retentionDays[table] > 0);
    const rounds = Promise.all(
      tables.map((table) => retentionRounds({ database, table, days: retentionDays[table], log }, until)),
    );
    return {
      [Symbol.asyncDispose]: async () => {
        over.abort();
        await rounds;
      },
    };
  }

  /** Records messages that expired or were deleted before we read them. */
  async #recordGap(part: ContiguousPart<StreamMessage>): Promise<void> {
    const last = part.messages[0].sequence - 1;
    const detail = `the messages ${last - part.missingBefore + 1} to ${last} were gone before they were read`;
    await this.#recordLoss('expired_unread', detail, last);
  }

  /** @param readAfter The sequence before the next message to read; no message has it. */
  async #recordLoss(kind: Loss['kind'], detail: string, readAfter: number): Promise<void> {
    const none = { messageAtMs: null, messageId: null };
    await this.#recordLossTo(kind, detail, { streamCreatedAt: this.#streamCreatedAt, sequence: readAfter, ...none });
  }

  async #recordLossTo(kind: Loss['kind'], detail: string, to: StreamPosition): Promise<void> {
    const { database, log } = this.#o;
    const { stream } = this;
    await database.recordLoss({ stream, kind, from: this.#position, to, detail });
    this.#position = to;
    const continuing = `Recorded in the table losses; continuing after message ${to.sequence}`;
    if (kind === 'tail_rewritten') {
      log.info({ stream, kind }, `The end of stream ${stream} was written again: ${detail}. ${continuing}.`);
    } else {
      log.error({ stream, kind }, `Stream ${stream} lost messages: ${detail}. ${continuing}, with what it still has.`);
    }
  }

  /** Compares position and log, and records a loss before anything is read. @returns The sequence to read after. */
  async #start(signal: AbortSignal): Promise<number> {
    const { bus, database, projection } = this.#o;
    const position = await database.position(projection.stream);
    const state = await bus.streamState(projection.stream);
    const messageAtPosition =
      position === null || position.sequence === 0 ? null : await bus.messageAt(projection.stream, position.sequence);
    const found = continueFrom(position, { ...state, messageAtPosition }, projection.keepsLastOnly);
    this.#position = position;
    this.#streamCreatedAt = state.streamCreatedAt;
    if (found.kind === 'tail_rewritten') return await this.#startBeforeRewrite(found, signal);
    if (found.kind === 'lost') await this.#recordLoss(found.loss, found.detail, found.readAfter);
    return found.readAfter;
  }

  /** Records what became of the rewritten end, and moves the position back, in one transaction. */
  async #startBeforeRewrite(found: RewrittenTail, signal: AbortSignal): Promise<number> {
    const { bus, projection, republishedWithinMs: waitMs, log } = this.#o;
    const { stream } = this;
    this.#failure = `the broker lost the end of ${stream}; waiting for its publishers to send it again`;
    log.info(
      { stream, waitMs },
      `The broker lost the end of stream ${stream}: ${found.detail}. Waiting until it comes again.`,
    );
    const judged = await judgeRewrittenTail(found, {
      bus,
      stream,
      keepsLastOnly: projection.keepsLastOnly,
      waitMs,
      signal,
    });
    await this.#recordLossTo(judged.kind, judged.detail, judged.to);
    return judged.to.sequence;
  }

  async #commitInPortions(messages: readonly StreamMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; ) {
      const [first, ...rest] = messages.slice(at, at + this.#rowsMax);
      if (first === undefined) return;
      at += 1 + rest.length;
      try {
        await this.#commit([first, ...rest]);
        this.#limitFailures = 0;
      } catch (error) {
        if (error instanceof BatchLimitError) this.#shrink(first, 1 + rest.length, error);
        throw error;
      }
    }
  }

  /**
   * Halves the next attempt after a few failures; a few may be due to the moment. A message that fails alone is retried for
   * ever, because the database may be at fault.
   */
  #shrink(first: StreamMessage, rows: number, error: BatchLimitError): void {
    this.#limitFailures += 1;
    if (this.#limitFailures < LIMIT_FAILURES_MAX) return;
    this.#rowsMax = Math.max(1, Math.floor(rows / 2));
    if (rows > 1 || this.#aloneAtLimit === first.sequence) return;
    this.#aloneAtLimit = first.sequence;
    const { stream } = this;
    this.#o.log.error(
      { stream, sequence: first.sequence, subject: first.subject },
      `The database cannot store message ${first.sequence} of ${stream} within its limits: ${error.message}. Projection of ${stream} is blocked there; retrying. Check pg_locks for locks on its tables, and the limit that was exceeded.`,
    );
  }

  /** Commits the messages in order; halves a batch that the database rejects until the bad message stands alone. */
  async #commit(messages: readonly [StreamMessage, ...StreamMessage[]]): Promise<void> {
    const { projection } = this.#o;
    const place = { from: this.#position, streamCreatedAt: this.#streamCreatedAt };
    try {
      await this.#apply(projectMessages(projection, messages, place));
    } catch (error) {
      if (!(error instanceof BatchRejectedError)) throw error;
      const [first, ...rest] = messages;
      if (rest.length === 0) return await this.#commitRejected(first, errorSentence(error));
      const [head, ...tail] = messages.slice(Math.ceil(messages.length / 2));
      await this.#commit([first, ...rest.slice(0, Math.ceil(messages.length / 2) - 1)]);
      if (head !== undefined) await this.#commit([head, ...tail]);
    }
  }

  /** Stores what the database accepts of a page, snapshot by snapshot, and the rest of the message as a dead letter. */
  async #commitRejected(message: StreamMessage, reason: string): Promise<void> {
    const { projection } = this.#o;
    const streamCreatedAt = this.#streamCreatedAt;
    const before = { streamCreatedAt, sequence: message.sequence - 1, messageAtMs: null, messageId: null };
    const parts = projection.hasPages ? snapshotParts(message) : [];
    const bad: StreamMessage[] = [];
    for (const part of parts.length > 1 ? parts : []) {
      const batch = projectMessages(projection, [part], { from: this.#position, streamCreatedAt });
      try {
        // The position moves with the last transaction: after a crash the page is read again, and no row is stored twice.
        if (batch.deadLetters.length === 0) await this.#apply({ ...batch, to: this.#position ?? before });
        else bad.push(part);
      } catch (error) {
        if (!(error instanceof BatchRejectedError)) throw error;
        bad.push(part);
      }
    }
    const rest = bad.length > 0 ? joinedParts(message, bad) : message;
    const letter = projectDeadLetter(projection, rest, { from: this.#position, streamCreatedAt, reason });
    await this.#apply(parts.length > 1 && bad.length === 0 ? { ...letter, deadLetters: [] } : letter);
  }

  async #apply(batch: ProjectionBatch): Promise<void> {
    const { inserted } = await this.#o.database.apply(batch);
    this.#position = batch.to;
    this.#o.onCommitted({ trades: batch.rows.trades, inserted, deadLetters: batch.deadLetters.length });
    this.#logDeadLetters(batch.deadLetters);
  }

  /** A person has to look at each dead letter, but a stream full of rubbish must not flood the log. */
  #logDeadLetters(letters: readonly DeadLetter[]): void {
    const { log } = this.#o;
    const { stream } = this;
    for (const { sequence, subject, reason } of letters.slice(0, DEAD_LETTERS_LOGGED_MAX)) {
      log.error(
        { stream, sequence, subject, reason },
        `Stored message ${sequence} of ${stream} as a dead letter: ${reason}.`,
      );
    }
    const more = letters.length - DEAD_LETTERS_LOGGED_MAX;
    if (more > 0) log.error({ stream, more }, `Stored ${more} more messages of ${stream} in the table dead_letters.`);
  }
}

/** Dead letters of one transaction that get a log line each. */
const DEAD_LETTERS_LOGGED_MAX = 10;
/** How often the same batch is tried before it is halved. */
const LIMIT_FAILURES_MAX = 3;
const RETRY_BACKOFF = { minMs: 100, maxMs: 2_000 };
