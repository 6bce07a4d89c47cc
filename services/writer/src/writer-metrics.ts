import type { Metrics } from '@polytape/service';
import type { TradeRows } from '@polytape/tapedb';
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
    const byStream = (name: string, help: string, read: (projector: StreamProjector) => number) =>
      metrics.gauges(name, help, 'stream', () =>
        projectors().map((projector): [string, number] => [projector.stream, read(projector)]),
      );
    metrics.counter(
      'polytape_writer_trades_read_total',
      'Trades read from the log and committed, including those that the database had already.',
      () => this.#tradesRead,
    );
    metrics.counter(
      'polytape_writer_trades_inserted_total',
      'Trades committed that were new to the database.',
      () => this.#tradesInserted,
    );
    metrics.counter(
      'polytape_writer_suspected_repeats_total',
      'Trades read from the log with an ordinal above 0: one connection received the same content more than once, as two equal fills or because the venue sent a frame again.',
      () => this.#suspectedRepeats,
    );
    metrics.counter('polytape_writer_batches_total', 'Transactions committed.', () => this.#batches);
    metrics.counter(
      'polytape_writer_dead_letters_total',
      'Messages stored in dead_letters instead of a table.',
      () => this.#deadLetters,
    );
    metrics.gauge(
      'polytape_writer_last_write_timestamp_seconds',
      'Time of the last commit, in seconds since the epoch.',
      () => (this.#lastWriteAtMs === null ? null : this.#lastWriteAtMs / 1_000),
    );
    byStream('polytape_writer_position', 'Sequence of the last stored message.', ({ position }) => position);
    byStream(
      'polytape_writer_active',
      '1 while this writer projects the stream, 0 while it stands by or cannot.',
      ({ isActive }) => (isActive ? 1 : 0),
    );
    byStream(
      'polytape_writer_messages_in_hand',
      'Messages read and not yet committed.',
      ({ messagesInHand }) => messagesInHand,
    );
    byStream(
      'polytape_writer_lag_seconds',
      'Time that the oldest unstored message has been in its stream; 0 when all are stored or another writer has the stream.',
      (projector) => projector.lagMs(Date.now()) / 1_000,
    );
    this.#receiveToCommit = metrics.durations(
      'polytape_writer_receive_to_commit_seconds',
      'Time from the arrival of a trade at the ingestor to the commit of its row.',
    );
  }

  /** The figures that an operator sees in the writer's status. */
  get written(): { trades: number; batches: number; lastAtMs: number | null } {
    return { trades: this.#tradesInserted, batches: this.#batches, lastAtMs: this.#lastWriteAtMs };
  }

  committed(batch: { trades: TradeRows | undefined; inserted: number; deadLetters: number }): void {
    const nowUs = (performance.timeOrigin + performance.now()) * 1_000;
    this.#batches += 1;
    this.#tradesRead += batch.trades?.length ?? 0;
    this.#tradesInserted += batch.inserted;
    this.#deadLetters += batch.deadLetters;
    this.#suspectedRepeats += batch.trades?.suspectedRepeats ?? 0;
    this.#lastWriteAtMs = Date.now();
    for (const receivedAtUs of batch.trades?.receivedAtUs ?? []) {
      this.#receiveToCommit.observe(Math.max(0, nowUs - receivedAtUs) / 1e6);
    }
  }
}
