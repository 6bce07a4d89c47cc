import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, StreamMessage } from '@polytape/bus';
import { errorSentence, type Logger } from '@polytape/service';
import {
  BatchRejectedError,
  type Database,
  type DeadLetter,
  type ProjectionBatch,
  type StreamPosition,
} from '@polytape/tapedb';
import type { Trade } from '@polytape/types';
import { continueFrom } from './log-continuity.ts';
import { projectDeadLetter, projectMessages, type StreamProjection } from './stream-projection.ts';

export type StreamProjectorOptions = {
  projection: StreamProjection;
  bus: Bus;
  database: Database;
  limits: { rowsMax: number; ageMsMax: number };
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
        await this.#lead(signal, () => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#state = 'failing';
        this.#failure = errorSentence(error);
        const retryInMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
        this.#o.log.warn(
          { stream: this.stream, retryInMs },
          `Projection of ${this.stream} interrupted: ${this.#failure}`,
        );
        await delay(retryInMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  get stream(): string {
    return this.#o.projection.stream;
  }

  /** Why this stream is not being projected, or null. Standing by is a job too: another writer does the work. */
  get failure(): string | null {
    return this.#state === 'failing' ? `${this.stream}: ${this.#failure}` : null;
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
    const { incarnation, readAfter } = await this.#start();
    this.#state = 'projecting';
    log.info(
      { stream: projection.stream, readAfter },
      `Projecting ${projection.stream} from message ${readAfter + 1}.`,
    );

    for await (const { messages } of bus.readBatches(
      projection.stream,
      { sequence: readAfter },
      { ...limits, signal },
    )) {
      const [first, ...rest] = messages;
      if (first === undefined) continue;
      this.#messagesInHand = messages.length;
      await this.#commit([first, ...rest], incarnation);
      this.#messagesInHand = 0;
      onProgress();
    }
    lock.lost.throwIfAborted();
  }

  /** Compares position and log; a loss is recorded and told before anything is read. */
  async #start(): Promise<{ incarnation: string; readAfter: number }> {
    const { bus, database, projection, log } = this.#o;
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
      const restart = { incarnation: state.incarnation, sequence: readAfter, messageAtMs: null, messageId: null };
      await database.recordLoss({
        stream: projection.stream,
        kind: loss.kind,
        from: position,
        to: restart,
        detail: loss.detail,
      });
      log.error(
        { stream: projection.stream, ...loss },
        `The log of ${projection.stream} lost messages: ${loss.detail}.`,
      );
      this.#position = restart;
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
    this.#o.onCommitted({ trades: batch.trades, inserted, deadLetters: batch.deadLetters.length });
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
