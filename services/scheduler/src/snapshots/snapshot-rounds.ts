import type { Publisher } from '@polytape/bus';
import type { BadRow, FailedBatch } from '@polytape/polymarket';
import { unlessAborted } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import {
  type BookSnapshot,
  type Market,
  type PriceSnapshot,
  pageMessageId,
  pageOf,
  type SnapshotPage,
  snapshotSubject,
} from '@polytape/types';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { BatchTroubles } from './batch-troubles.ts';
import { inTurns } from './in-turns.ts';
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
export class SnapshotRounds<Snapshot extends PriceSnapshot | BookSnapshot> {
  readonly #o: SnapshotOptions;
  readonly #kind: 'price' | 'book';
  readonly #published: LastPublished;
  readonly #troubles: BatchTroubles;
  /** What will be published with the present answer, as JSON, by subject. */
  readonly #pages = new Map<string, string[]>();

  constructor(o: SnapshotOptions, job: { name: string; kind: 'price' | 'book' }) {
    const { intervalMs, termBeganAtMs, term, log } = o;
    this.#o = o;
    this.#kind = job.kind;
    this.#published = new LastPublished({ refreshMs: REFRESH_MS - intervalMs, termBeganAtMs });
    this.#troubles = new BatchTroubles({ log, job: job.name });
    const forget = o.publisher.onRejected(({ body }) => {
      for (const { tokenId } of (JSON.parse(body) as SnapshotPage<Snapshot>).snapshots)
        this.#published.rejected(tokenId);
    });
    term.signal.addEventListener('abort', forget, { once: true });
  }

  /**
   * The tokens to read, each with its market: those of open markets that accept orders. An open market that accepts none
   * (not yet, or shortly before it closes) has no book that changes. They come page by page, so that a batch of them takes
   * few messages.
   */
  async activeTokens(): Promise<Map<string, Market>> {
    const pages = new Map<string, Market[]>();
    for await (const markets of inTurns(this.#o.registry.open())) {
      for (const market of markets) {
        if (!market.acceptingOrders || market.closed) continue;
        const page = pages.get(pageOf(market.conditionId));
        if (page === undefined) pages.set(pageOf(market.conditionId), [market]);
        else page.push(market);
      }
    }
    const active = new Map<string, Market>();
    for await (const markets of inTurns([...pages.values()].flat())) {
      for (const market of markets) for (const { tokenId } of market.tokens) active.set(tokenId, market);
    }
    await this.#published.keepOnly(active);
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
      this.#publishPages();
      await roomIn(publisher, signal);
    });
    await unlessAborted(publisher.acknowledged(), signal);
    return errors;
  }

  /** @returns Whether it will be published with the present answer: its content has changed, or it is an hour old. */
  publish(snapshot: Snapshot, content: string): boolean {
    const { tokenId, conditionId, intervalStartMs, seenAtMs: nowMs } = snapshot;
    if (!this.#published.take(tokenId, content, { intervalStartMs, nowMs })) return false;
    const subject = snapshotSubject(this.#kind, conditionId);
    const page = this.#pages.get(subject);
    const text = JSON.stringify(snapshot);
    if (page === undefined) this.#pages.set(subject, [text]);
    else page.push(text);
    return true;
  }

  #publishPages(): void {
    for (const [subject, snapshots] of this.#pages) {
      for (const part of inPortions(snapshots)) {
        const body = `{"snapshots":[${part.join()}]}`;
        this.#o.publisher.publish({ subject, messageId: pageMessageId({ subject, body }), body });
      }
    }
    this.#pages.clear();
  }
}

/** Cuts a list where it would make too large a message. A single large text stays whole. */
function* inPortions(texts: readonly string[]): Generator<string[]> {
  let portion: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (portion.length > 0 && length + text.length > PAGE_LENGTH_MAX) {
      yield portion;
      portion = [];
      length = 0;
    }
    portion.push(text);
    length += text.length;
  }
  if (portion.length > 0) yield portion;
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

/** Characters of a message. A server's default limit is 1 MiB, and the texts are ASCII. */
const PAGE_LENGTH_MAX = 256 * 1_024;
/** An unchanged snapshot is published this often. */
const REFRESH_MS = 60 * 60_000;
