import type { Publisher } from '@polytape/bus';
import type { ClobBook, ClobClient } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import { type BookSnapshot, bookMessageId, bookSubject, type Market } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import { activeTokens } from '../plan/active-tokens.ts';
import { roomIn } from '../plan/room-in.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { BatchTroubles } from './batch-troubles.ts';
import { booksOfRound } from './books-of-round.ts';
import { LastPublished } from './last-published.ts';

export type BookSnapshotsOptions = {
  clob: Pick<ClobClient, 'books'>;
  registry: Pick<MarketRegistry, 'open' | 'volume24h'>;
  publisher: Publisher;
  term: Pick<LeaderTerm, 'throwIfOver'>;
  intervalMs: number;
  /** When this scheduler began to lead, milliseconds since the epoch. */
  termBeganAtMs: number;
  /** Tokens read in one round; 0 reads all. */
  tokensMax: number;
  counters: SchedulerCounters;
  log: Logger;
};

/** Reads the order books of active tokens and publishes those that changed, and every book at least once an hour when read. */
export class BookSnapshots {
  readonly #o: BookSnapshotsOptions;
  readonly #published: LastPublished;
  readonly #troubles: BatchTroubles;
  /** For each active token: when the venue last answered for it, or when it was first wanted. */
  readonly #waitsSinceMs = new Map<string, number>();

  constructor(options: BookSnapshotsOptions) {
    this.#o = options;
    const { intervalMs, termBeganAtMs, publisher } = options;
    this.#published = new LastPublished({ refreshMs: REFRESH_MS - intervalMs, termBeganAtMs });
    publisher.onRejected(({ body }) => this.#published.rejected((JSON.parse(body) as BookSnapshot).tokenId));
    this.#troubles = new BatchTroubles({ log: options.log, job: 'books' });
  }

  /** Items are the books read; `oldestAtMs` is that of the token that waits longest. @throws as `ClobClient.books`; {TermOverError} */
  async round(signal: AbortSignal): Promise<JobResult> {
    const { clob, publisher, term, intervalMs, counters } = this.#o;
    const intervalStartMs = Math.floor(Date.now() / intervalMs) * intervalMs;
    const active = this.#activeTokens();
    let items = 0;
    const errors = await this.#troubles.errorsIn(
      clob.books(this.#choose(active), signal),
      async ({ books, unknown }) => {
        term.throwIfOver();
        const seenAtMs = Date.now();
        for (const book of books) {
          this.#waitsSinceMs.set(book.tokenId, seenAtMs);
          const market = active.get(book.tokenId);
          if (market !== undefined) this.#take(book, market, intervalStartMs, seenAtMs);
        }
        // The answer that there is no book counts as reading it.
        for (const tokenId of unknown) this.#waitsSinceMs.set(tokenId, seenAtMs);
        items += books.length;
        counters.booksUnknown += unknown.length;
        await roomIn(publisher, signal);
      },
    );
    await unlessAborted(publisher.acknowledged(), signal);
    return { items, errors, oldestAtMs: this.#oldestAtMs() };
  }

  #activeTokens(): Map<string, Market> {
    const active = activeTokens(this.#o.registry.open());
    this.#published.keepOnly(active);
    for (const tokenId of this.#waitsSinceMs.keys()) if (!active.has(tokenId)) this.#waitsSinceMs.delete(tokenId);
    const nowMs = Date.now();
    for (const tokenId of active.keys()) if (!this.#waitsSinceMs.has(tokenId)) this.#waitsSinceMs.set(tokenId, nowMs);
    return active;
  }

  #choose(active: ReadonlyMap<string, Market>): string[] {
    const { registry, tokensMax } = this.#o;
    const candidates = [...active].map(([tokenId, { conditionId }]) => ({
      tokenId,
      volume24h: registry.volume24h(conditionId),
      waitsSinceMs: this.#waitsSinceMs.get(tokenId) ?? 0,
    }));
    return booksOfRound(candidates, tokensMax);
  }

  #take(book: ClobBook, { conditionId }: Market, intervalStartMs: number, seenAtMs: number): void {
    const { publisher, counters } = this.#o;
    if (book.hashMatches === false) counters.bookHashDifferences += 1;
    // Not the venue's hash, which changes with the time of the answer and with each trade.
    const content = JSON.stringify([book.bids, book.asks, book.tickSize]);
    if (!this.#published.take(book.tokenId, content, { intervalStartMs, nowMs: seenAtMs })) return;
    const snapshot: BookSnapshot = { ...book, conditionId, intervalStartMs, seenAtMs };
    counters.booksPublished += 1;
    publisher.publish({
      subject: bookSubject(snapshot),
      messageId: bookMessageId(snapshot),
      body: JSON.stringify(snapshot),
    });
  }

  #oldestAtMs(): number | null {
    let oldestAtMs: number | null = null;
    for (const atMs of this.#waitsSinceMs.values()) oldestAtMs = Math.min(oldestAtMs ?? atMs, atMs);
    return oldestAtMs;
  }
}

/** An unchanged book is published this often. */
const REFRESH_MS = 60 * 60_000;
