import type { Bus } from '@polytape/bus';
import type { Logger, Metrics } from '@polytape/service';
import type { Database, RetainedTable } from '@polytape/tapedb';
import type { WriterStatus } from '@polytape/types';
import { streamProjections } from './stream-projection.ts';
import { StreamProjector } from './stream-projector.ts';
import { toldFailures } from './told-failures.ts';
import { WriterMetrics } from './writer-metrics.ts';

export type WriterOptions = {
  /** Of this process alone. */
  writerId: string;
  bus: Bus;
  database: Database;
  metrics: Metrics;
  rowsMax: number;
  bytesMax: number;
  ageMsMax: number;
  /** Days that rows are kept, by the table that they are in; 0 keeps them for ever. */
  retentionDays: Record<RetainedTable, number>;
  log: Logger;
};

/** Projects every stream, each on its own: one that fails does not hold up the others. */
export class Writer {
  readonly #o: WriterOptions;
  readonly #startedAtMs = Date.now();
  readonly #counted: WriterMetrics;
  readonly #projectors: readonly StreamProjector[];

  constructor(o: WriterOptions) {
    const counted = new WriterMetrics(o.metrics, () => this.#projectors);
    this.#o = o;
    this.#counted = counted;
    this.#projectors = streamProjections.map(
      (projection) =>
        new StreamProjector({
          projection,
          bus: o.bus,
          database: o.database,
          limits: { rowsMax: o.rowsMax, bytesMax: o.bytesMax, ageMsMax: o.ageMsMax },
          retentionDays: o.retentionDays,
          onCommitted: (committed) => counted.committed(committed),
          log: o.log,
        }),
    );
  }

  /** Projects until `signal` aborts and the transactions in hand are committed. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#projectors.map((projector) => projector.run(signal)));
  }

  /** Why the writer is not doing its job. Standing by is doing it: another writer has the stream. */
  readiness(): string[] {
    const failures = toldFailures(new Map(this.#projectors.map(({ stream, failure }) => [stream, failure])));
    return this.#o.bus.connected ? failures : ['the connection to NATS is interrupted', ...failures];
  }

  /** What an operator is told of this writer. */
  async status(): Promise<WriterStatus> {
    const { trades, batches, lastAtMs } = this.#counted.written;
    const active = this.#projectors.filter(({ isActive }) => isActive);
    return {
      service: 'writer',
      id: this.#o.writerId,
      startedAtMs: this.#startedAtMs,
      tradesWritten: trades,
      batchesWritten: batches,
      lastWriteAtMs: lastAtMs,
      edition: this.#o.database.edition,
      streams: await Promise.all(
        active.map(async (projector) => ({ stream: projector.stream, behind: await this.#behind(projector) })),
      ),
    };
  }

  /** Sequences between what is stored and the end of the stream; where it keeps the last of a subject, some are gone. */
  async #behind({ stream, position }: StreamProjector): Promise<number | null> {
    try {
      const { lastSequence } = await this.#o.bus.streamState(stream);
      return Math.max(0, lastSequence - position);
    } catch {
      return null; // the readiness tells why
    }
  }

  /** What a stop that cannot wait would leave: read and not committed. Nothing is lost by it, the log still has it. */
  unfinished(): string | null {
    const messages = this.#projectors.reduce((sum, { messagesInHand }) => sum + messagesInHand, 0);
    return messages === 0 ? null : `${messages} messages read and not committed (they stay in the log)`;
  }
}
