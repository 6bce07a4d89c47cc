import type { Metrics } from '@polytape/service';
import type { Trade } from '@polytape/types';
import type { StreamProjector } from './stream-projector.ts';

/** What the writer counts, and the names under which Prometheus reads it. */
export class WriterMetrics {
  #tradesRead = 0;
  #tradesInserted = 0;
  #suspectedRepeats = 0;
  #batches = 0;
  #deadLetters = 0;
  #lastWriteAtMs: number | null = null;
  readonly #receiveToCommit: { observe(seconds: number): void };

  constructor(metrics: Metrics, projectors: () => readonly StreamProjector[]) {
    metrics.counter(
      'writer_trades_read_total',
      'Trades read from the log and committed, doubles among them.',
      () => this.#tradesRead,
    );
    metrics.counter(
      'writer_trades_inserted_total',
      'Trades that were new to the database.',
      () => this.#tradesInserted,
    );
    metrics.counter(
      'polytape_writer_suspected_repeats_total',
      'Trades read from the log with an ordinal above 0: one connection received the same content more than once, as two equal fills or because the venue sent a frame again.',
      () => this.#suspectedRepeats,
    );
    metrics.counter('writer_batches_total', 'Transactions committed.', () => this.#batches);
    metrics.counter('writer_dead_letters_total', 'Messages that were set aside.', () => this.#deadLetters);
    metrics.gauge('writer_last_write_timestamp_seconds', 'When a transaction was last committed.', () =>
      this.#lastWriteAtMs === null ? null : this.#lastWriteAtMs / 1_000,
    );
    metrics.gauges('writer_position', 'Sequence of the last message stored, by stream.', 'stream', () =>
      projectors().map(({ stream, position }) => [stream, position]),
    );
    metrics.gauges('writer_active', '1 where this writer projects the stream, 0 where it stands by.', 'stream', () =>
      projectors().map(({ stream, isActive }) => [stream, isActive ? 1 : 0]),
    );
    metrics.gauges('writer_messages_in_hand', 'Messages read and not yet committed.', 'stream', () =>
      projectors().map(({ stream, messagesInHand }) => [stream, messagesInHand]),
    );
    metrics.gauges(
      'polytape_writer_lag_seconds',
      'Time that the oldest message not stored yet has been in its stream; 0 where all are stored or another writer has the stream.',
      'stream',
      () => projectors().map((projector) => [projector.stream, projector.lagMs(Date.now()) / 1_000]),
    );
    this.#receiveToCommit = metrics.durations(
      'writer_receive_to_commit_seconds',
      'From the arrival of a trade at the ingestor to the commit of its row.',
    );
  }

  /** What an operator is told of them. */
  get written(): { trades: number; batches: number; lastAtMs: number | null } {
    return { trades: this.#tradesInserted, batches: this.#batches, lastAtMs: this.#lastWriteAtMs };
  }

  committed(batch: { trades: readonly Trade[]; inserted: number; deadLetters: number }): void {
    const nowUs = (performance.timeOrigin + performance.now()) * 1_000;
    this.#batches += 1;
    this.#tradesRead += batch.trades.length;
    this.#tradesInserted += batch.inserted;
    this.#deadLetters += batch.deadLetters;
    this.#lastWriteAtMs = Date.now();
    for (const { tradeId, receivedAtUs } of batch.trades) {
      if (!tradeId.endsWith('-0')) this.#suspectedRepeats += 1;
      this.#receiveToCommit.observe(Math.max(0, nowUs - receivedAtUs) / 1e6);
    }
  }
}
