import type { Bus, StreamMessage, StreamName } from '@polytape/bus';
import { errorSentence, type Logger, rest } from '@polytape/service';
import {
  BatchRejectedError,
  type Database,
  type DeadLetter,
  type Loss,
  type ProjectionBatch,
  type RetainedTable,
  type StreamPosition,
} from '@polytape/tapedb';
import { OutageNotice, type Trade } from '@polytape/types';
import { type ContiguousPart, contiguousParts, continueFrom } from './log-continuity.ts';
import { retentionRounds } from './retention-rounds.ts';
import { projectDeadLetter, projectMessages, type StreamProjection } from './stream-projection.ts';

export type StreamProjectorOptions = {
  projection: StreamProjection;
  bus: Bus;
  database: Database;
  limits: { rowsMax: number; bytesMax: number; ageMsMax: number };
  /** Days that rows are kept, by table; 0 keeps them for ever. */
  retentionDays: Record<RetainedTable, number>;
  /** Told after each COMMIT. */
  onCommitted: (committed: { trades: readonly Trade[]; inserted: number; deadLetters: number }) => void;
  log: Logger;
};

/**
 * Keeps the database's projection of one stream up to date, from the database's own position.
 *
 * standing by (another writer holds the stream's lock) -> projecting -> standing by again after any failure. Nothing
 * is acknowledged to the broker and nothing can be redelivered: after a failure the position is read again, because
 * the COMMIT may have succeeded, and the log is read on from there.
 */
export class StreamProjector {
  readonly #o: StreamProjectorOptions;
  readonly #outage = new OutageNotice();
  #state: 'standing by' | 'projecting' | 'failing' = 'standing by';
  #failure = '';
  #position: StreamPosition | null = null;
  #messagesInHand = 0;

  constructor(options: StreamProjectorOptions) {
    this.#o = options;
  }

  /** Projects until `signal` aborts; the transaction in hand is finished first. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        // The failure may be a database that was dropped and made again: then the schema is missing too.
        if (failures > 0) await this.#o.database.migrate();
        await this.#lead(signal, () => {
          failures = 0;
        });
      } catch (error) {
        this.#messagesInHand = 0;
        if (signal.aborted) return;
        this.#state = 'failing';
        this.#failure = errorSentence(error);
        const retryInMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
        const { say, unsaid } = this.#outage.failed(this.#failure, performance.now());
        this.#o.log[say ? 'warn' : 'debug'](
          { stream: this.stream, retryInMs, unsaid },
          `Projection of ${this.stream} interrupted: ${this.#failure}.`,
        );
        await rest(retryInMs, signal);
      }
    }
  }

  get stream(): StreamName {
    return this.#o.projection.stream;
  }

  /** Why this stream is not being projected, or null. Standing by is a job too: another writer does the work. */
  get failure(): string | null {
    return this.#state === 'failing' ? this.#failure : null;
  }

  /** True while this writer, and no other, projects the stream. */
  get isActive(): boolean {
    return this.#state === 'projecting';
  }

  /** Sequence of the last message that is stored; 0 before the first. */
  get position(): number {
    return this.#position?.sequence ?? 0;
  }

  /** Messages read and not yet committed. */
  get messagesInHand(): number {
    return this.#messagesInHand;
  }

  async #lead(stop: AbortSignal, onProgress: () => void): Promise<void> {
    const { bus, database, projection, limits, log } = this.#o;
    await using lock = await database.lockStream(projection.stream, stop);
    const signal = AbortSignal.any([stop, lock.lost]);
    const { incarnation, ...start } = await this.#start();
    let { readAfter } = start;
    this.#state = 'projecting';
    log.info(
      { stream: projection.stream, readAfter },
      `Projecting ${projection.stream} from message ${readAfter + 1}.`,
    );

    await using _ = this.#retention(signal);
    for await (const { messages } of bus.readBatches(
      projection.stream,
      { sequence: readAfter },
      { ...limits, signal },
    )) {
      this.#messagesInHand = messages.length;
      for (const part of contiguousParts(messages, readAfter)) {
        if (part.missingBefore > 0 && !projection.keepsLastOnly) await this.#recordHole(part, incarnation);
        await this.#commit(part.messages, incarnation);
        readAfter = part.messages.at(-1)?.sequence ?? readAfter;
      }
      this.#messagesInHand = 0;
      onProgress();
    }
    lock.lost.throwIfAborted();
  }

  /** Drops what is too old, for as long as this writer projects the stream. */
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

  /** Messages expired or were deleted while we were reading: nobody will ever store them. */
  async #recordHole(part: ContiguousPart<StreamMessage>, incarnation: string): Promise<void> {
    const last = part.messages[0].sequence - 1;
    const detail = `the messages ${last - part.missingBefore + 1} to ${last} were gone before they were read`;
    await this.#recordLoss('expired_unread', detail, {
      incarnation,
      sequence: last,
      messageAtMs: null,
      messageId: null,
    });
  }

  async #recordLoss(kind: Loss['kind'], detail: string, to: StreamPosition): Promise<void> {
    const { database, log } = this.#o;
    await database.recordLoss({ stream: this.stream, kind, from: this.#position, to, detail });
    log.error({ stream: this.stream, kind }, `The log of ${this.stream} lost messages: ${detail}.`);
    this.#position = to;
  }

  /** Compares position and log; a loss is recorded and told before anything is read. */
  async #start(): Promise<{ incarnation: string; readAfter: number }> {
    const { bus, database, projection } = this.#o;
    const position = await database.position(projection.stream);
    const state = await bus.streamState(projection.stream);
    const there =
      position === null || position.sequence === 0 ? null : await bus.messageAt(projection.stream, position.sequence);
    const { readAfter, loss } = continueFrom(
      position,
      { ...state, messageIdAtPosition: there === null ? undefined : there.messageId },
      projection.keepsLastOnly,
    );
    this.#position = position;
    if (loss !== null) {
      const { incarnation } = state;
      await this.#recordLoss(loss.kind, loss.detail, {
        incarnation,
        sequence: readAfter,
        messageAtMs: null,
        messageId: null,
      });
    }
    return { incarnation: state.incarnation, readAfter };
  }

  /** Commits the messages in order; what the database refuses is halved until the message at fault stands alone. */
  async #commit(messages: readonly [StreamMessage, ...StreamMessage[]], incarnation: string): Promise<void> {
    const { projection } = this.#o;
    const place = { from: this.#position, incarnation };
    try {
      await this.#apply(projectMessages(projection, messages, place));
    } catch (error) {
      if (!(error instanceof BatchRejectedError)) throw error;
      const [first, ...rest] = messages;
      if (rest.length === 0) {
        const reason = errorSentence(error);
        await this.#apply(projectDeadLetter(projection, first, { ...place, reason }));
        return;
      }
      const [head, ...tail] = messages.slice(Math.ceil(messages.length / 2));
      await this.#commit([first, ...rest.slice(0, Math.ceil(messages.length / 2) - 1)], incarnation);
      if (head !== undefined) await this.#commit([head, ...tail], incarnation);
    }
  }

  async #apply(batch: ProjectionBatch): Promise<void> {
    const { inserted } = await this.#o.database.apply(batch);
    this.#position = batch.to;
    this.#o.onCommitted({ trades: batch.rows.trades ?? [], inserted, deadLetters: batch.deadLetters.length });
    this.#tellDeadLetters(batch.deadLetters);
  }

  /** A person has to look at each of them, but a log full of rubbish must not become a second one. */
  #tellDeadLetters(letters: readonly DeadLetter[]): void {
    const { log } = this.#o;
    const { stream } = this;
    for (const { sequence, subject, reason } of letters.slice(0, DEAD_LETTERS_TOLD_MAX)) {
      log.error({ stream, sequence, subject, reason }, `Message ${sequence} of ${stream} set aside: ${reason}.`);
    }
    const untold = letters.length - DEAD_LETTERS_TOLD_MAX;
    if (untold > 0) log.error({ stream, untold }, `${untold} more of ${stream} set aside; see the table dead_letters.`);
  }
}

/** Of one transaction, each with a line of its own. */
const DEAD_LETTERS_TOLD_MAX = 10;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 10_000;
