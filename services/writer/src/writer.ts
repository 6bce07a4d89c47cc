import type { Bus } from '@polytape/bus';
import type { Log } from '@polytape/resilience';
import type { Metrics } from '@polytape/service';
import type { Database, RetainedTable } from '@polytape/tapedb';
import type { WriterStatus } from '@polytape/types';
import { streamProjections } from './stream-projection.ts';
import { StreamProjector } from './stream-projector.ts';
import { WriterMetrics } from './writer-metrics.ts';

export type WriterOptions = {
  /** Unique to this process. */
  writerId: string;
  bus: Bus;
  database: Database;
  metrics: Metrics;
  /** When a batch is committed; see BATCH_ROWS_MAX and its neighbours. */
  limits: { rowsMax: number; bytesMax: number; ageMsMax: number };
  takeoverAfterMs: number;
  /** How long publishers may take to send the lost end of a stream again. Default 30,000. */
  republishedWithinMs?: number;
  /** Our clock, milliseconds since the epoch. */
  nowMs?: () => number;
  /** Days that rows are kept, by table; 0 keeps them forever. */
  retentionDays: Record<RetainedTable, number>;
  log: Log;
};

/** Projects every stream, each independently: one that fails does not hold up the others. */
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
          limits: o.limits,
          takeoverAfterMs: o.takeoverAfterMs,
          republishedWithinMs: o.republishedWithinMs ?? REPUBLISHED_WITHIN_MS,
          retentionDays: o.retentionDays,
          onCommitted: (committed) => counted.committed(committed),
          log: o.log,
        }),
    );
  }

  /** Projects until `signal` aborts and the running transactions are finished. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#projectors.map((projector) => projector.run(signal)));
  }

  /** Why the writer is not doing its job. Standing by is part of the job: another writer has the stream. */
  readiness(): string[] {
    const nowMs = this.#o.nowMs?.() ?? Date.now();
    const failures = groupedReasons(
      new Map(
        this.#projectors.map((projector) => [projector.stream, projector.failure ?? lagFailure(projector, nowMs)]),
      ),
    );
    return this.#o.bus.connected ? failures : ['the connection to NATS is interrupted', ...failures];
  }

  /** The writer's status for an operator. */
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

  /** Sequences from the position to the end of the stream. A stream that keeps last messages lacks some of them. */
  async #behind({ stream, position }: StreamProjector): Promise<number | null> {
    try {
      const { lastSequence } = await this.#o.bus.streamState(stream);
      return Math.max(0, lastSequence - position);
    } catch {
      return null; // readiness has the reason
    }
  }

  /** Work that a stop without waiting leaves unfinished. Nothing is lost: the messages are still in the log. */
  unfinished(): string | null {
    const messages = this.#projectors.reduce((sum, { messagesInHand }) => sum + messagesInHand, 0);
    return messages === 0 ? null : `${messages} messages read and not committed (they stay in the log)`;
  }
}

/**
 * One reason for each cause, with its streams: a database that is away stops all streams, and is one reason.
 *
 * @param failures By stream; null when it has none.
 */
export function groupedReasons(failures: ReadonlyMap<string, string | null>): string[] {
  const streams = new Map<string, string[]>();
  for (const [stream, failure] of failures) {
    if (failure !== null) streams.set(failure, [...(streams.get(failure) ?? []), stream]);
  }
  return [...streams].map(([failure, of]) => {
    const isAll = of.length > 1 && of.length === failures.size;
    return `${isAll ? 'all streams' : of.join(', ')}: ${failure}`;
  });
}

function lagFailure(projector: StreamProjector, nowMs: number): string | null {
  const lagMs = projector.lagMs(nowMs);
  return lagMs <= LAG_MS_MAX ? null : `${Math.round(lagMs / 1_000)} s behind the log`;
}

/** The writer is not ready when its oldest unstored message waits for longer. Two statement timeouts fit in. */
const LAG_MS_MAX = 60_000;
/** A publisher may believe for this long in its connection to a machine that lost its power. */
const REPUBLISHED_WITHIN_MS = 30_000;
