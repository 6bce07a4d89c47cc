import type { Publisher } from '@polytape/bus';
import type { BadRow, FailedBatch } from '@polytape/polymarket';
import { unlessAborted } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { Market } from '@polytape/types';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { BatchTroubles } from './batch-troubles.ts';
import { LastPublished } from './last-published.ts';

export type SnapshotOptions = {
  registry: Pick<MarketRegistry, 'open' | 'volume24h'>;
  publisher: Publisher;
  term: Pick<LeaderTerm, 'signal' | 'throwIfOver'>;
  intervalMs: number;
  /** When this scheduler began to lead, milliseconds since the epoch. */
  termBeganAtMs: number;
  counters: SchedulerCounters;
  log: Logger;
};

/** The interval that a snapshot stands for, and when the venue answered. */
export type SnapshotTimes = { intervalStartMs: number; seenAtMs: number };

/** What the jobs for prices and books share: reads in batches, and publishes what changed and everything once an hour. */
export class SnapshotRounds<Snapshot extends { tokenId: string } & SnapshotTimes> {
  readonly #o: SnapshotOptions;
  readonly #addressOf: (snapshot: Snapshot) => { subject: string; messageId: string };
  readonly #published: LastPublished;
  readonly #troubles: BatchTroubles;

  constructor(
    o: SnapshotOptions,
    job: { name: string; addressOf: (snapshot: Snapshot) => { subject: string; messageId: string } },
  ) {
    const { intervalMs, termBeganAtMs, term, log } = o;
    this.#o = o;
    this.#addressOf = job.addressOf;
    this.#published = new LastPublished({ refreshMs: REFRESH_MS - intervalMs, termBeganAtMs });
    this.#troubles = new BatchTroubles({ log, job: job.name });
    const forget = o.publisher.onRejected(({ body }) =>
      this.#published.rejected((JSON.parse(body) as Snapshot).tokenId),
    );
    term.signal.addEventListener('abort', forget, { once: true });
  }

  /**
   * The tokens to read, each with its market: those of open markets that accept orders. An open market that accepts none
   * (not yet, or shortly before it closes) has no book that changes.
   */
  activeTokens(): Map<string, Market> {
    const active = new Map<string, Market>();
    for (const market of this.#o.registry.open()) {
      if (!market.acceptingOrders || market.closed) continue;
      for (const { tokenId } of market.tokens) active.set(tokenId, market);
    }
    this.#published.keepOnly(active);
    return active;
  }

  /** Takes the answers one at a time, and waits until the log has their snapshots. @returns As `BatchTroubles.errorsIn`. */
  async run<Answer extends { bad: readonly BadRow[] }>(
    batches: AsyncIterable<Answer | FailedBatch>,
    take: (answer: Answer, times: SnapshotTimes) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const { publisher, term, intervalMs } = this.#o;
    const intervalStartMs = Math.floor(Date.now() / intervalMs) * intervalMs;
    const errors = await this.#troubles.errorsIn(batches, async (answer) => {
      term.throwIfOver();
      take(answer, { intervalStartMs, seenAtMs: Date.now() });
      await roomIn(publisher, signal);
    });
    await unlessAborted(publisher.acknowledged(), signal);
    return errors;
  }

  /** @returns Whether it was published: its content has changed, or it is an hour old. */
  publish(snapshot: Snapshot, content: string): boolean {
    const { tokenId, intervalStartMs, seenAtMs: nowMs } = snapshot;
    if (!this.#published.take(tokenId, content, { intervalStartMs, nowMs })) return false;
    this.#o.publisher.publish({ ...this.#addressOf(snapshot), body: JSON.stringify(snapshot) });
    return true;
  }
}

/** Resolves when the publisher is not full, so that a whole round is never in memory. */
async function roomIn(publisher: Publisher, signal: AbortSignal): Promise<void> {
  if (!publisher.full) return;
  const room = Promise.withResolvers<void>();
  const forget = publisher.onRoom(room.resolve);
  try {
    await unlessAborted(room.promise, signal);
  } finally {
    forget();
  }
}

/** An unchanged snapshot is published this often. */
const REFRESH_MS = 60 * 60_000;
