import type { Bus } from '@polytape/bus';
import type { Logger, Metrics } from '@polytape/service';
import type { Database } from '@polytape/tapedb';
import { streamProjections } from './stream-projection.ts';
import { StreamProjector } from './stream-projector.ts';
import { WriterMetrics } from './writer-metrics.ts';

/** Projects every stream, each on its own: one that fails does not hold up the others. */
export class Writer {
  readonly #bus: Bus;
  readonly #projectors: readonly StreamProjector[];

  constructor(o: { bus: Bus; database: Database; metrics: Metrics; rowsMax: number; ageMsMax: number; log: Logger }) {
    const counted = new WriterMetrics(o.metrics, () => this.#projectors);
    this.#bus = o.bus;
    this.#projectors = streamProjections.map(
      (projection) =>
        new StreamProjector({
          projection,
          bus: o.bus,
          database: o.database,
          limits: { rowsMax: o.rowsMax, ageMsMax: o.ageMsMax },
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
    const failures = this.#projectors.map(({ failure }) => failure).filter((failure) => failure !== null);
    return this.#bus.connected ? failures : ['the connection to NATS is interrupted', ...failures];
  }

  /** What a stop that cannot wait would leave: read and not committed. Nothing is lost by it, the log still has it. */
  unfinished(): string | null {
    const messages = this.#projectors.reduce((sum, { messagesInHand }) => sum + messagesInHand, 0);
    return messages === 0 ? null : `${messages} messages read and not committed (they stay in the log)`;
  }
}
