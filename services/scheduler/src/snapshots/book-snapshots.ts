import type { ClobClient } from '@polytape/polymarket';
import type { BookSnapshot, Market } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import { type BookCandidate, booksOfRound } from './books-of-round.ts';
import { inTurns } from './in-turns.ts';
import { type SnapshotOptions, SnapshotRounds } from './snapshot-rounds.ts';

export type BookSnapshotsOptions = SnapshotOptions & {
  clob: Pick<ClobClient, 'books'>;
  /** Tokens read in one round; 0 reads all. */
  tokensMax: number;
};

/** Reads the order books of active tokens and publishes those that changed, and every book at least once an hour when read. */
export class BookSnapshots {
  readonly #o: BookSnapshotsOptions;
  readonly #rounds: SnapshotRounds<BookSnapshot>;
  /** For each active token: when the venue last answered for it, or when it was first wanted. */
  readonly #waitsSinceMs = new Map<string, number>();

  constructor(options: BookSnapshotsOptions) {
    this.#o = options;
    this.#rounds = new SnapshotRounds(options, { name: 'books', kind: 'book' });
  }

  /** Items are the books read; `oldestAtMs` is that of the token that waits longest. @throws as `ClobClient.books`; {TermOverError} */
  async round(signal: AbortSignal): Promise<JobResult> {
    const { clob, counters } = this.#o;
    const active = await this.#activeTokens();
    let items = 0;
    const chosen = await this.#choose(active);
    const errors = await this.#rounds.run(
      clob.books(chosen, signal),
      ({ books, unknown }, times) => {
        for (const book of books) {
          this.#waitsSinceMs.set(book.tokenId, times.seenAtMs);
          const market = active.get(book.tokenId);
          if (market === undefined) continue;
          const { conditionId, tokens } = market;
          // The market's own text, not that of the answer, because it is kept.
          const tokenId = tokens.find((token) => token.tokenId === book.tokenId)?.tokenId ?? book.tokenId;
          if (book.hashMatches === false) counters.bookHashDifferences += 1;
          // Not the venue's hash, which changes with the time of the answer and with each trade.
          const content = JSON.stringify([book.bids, book.asks, book.tickSize]);
          if (this.#rounds.publish({ ...book, conditionId, tokenId, ...times }, content)) counters.booksPublished += 1;
        }
        // The answer that there is no book counts as reading it.
        for (const tokenId of unknown) this.#waitsSinceMs.set(tokenId, times.seenAtMs);
        items += books.length;
        counters.booksUnknown += unknown.length;
      },
      signal,
    );
    return { items, errors, oldestAtMs: this.#oldestAtMs() };
  }

  async #activeTokens(): Promise<Map<string, Market>> {
    const active = await this.#rounds.activeTokens();
    const nowMs = Date.now();
    for await (const tokenIds of inTurns(this.#waitsSinceMs.keys())) {
      for (const tokenId of tokenIds) if (!active.has(tokenId)) this.#waitsSinceMs.delete(tokenId);
    }
    for await (const tokenIds of inTurns(active.keys())) {
      for (const tokenId of tokenIds) if (!this.#waitsSinceMs.has(tokenId)) this.#waitsSinceMs.set(tokenId, nowMs);
    }
    return active;
  }

  async #choose(active: ReadonlyMap<string, Market>): Promise<string[]> {
    const { registry, tokensMax } = this.#o;
    if (tokensMax === 0) return [...active.keys()];
    const candidates: BookCandidate[] = [];
    for await (const tokens of inTurns(active)) {
      for (const [tokenId, { conditionId }] of tokens) {
        const waitsSinceMs = this.#waitsSinceMs.get(tokenId) ?? 0;
        candidates.push({ tokenId, volume24h: registry.volume24h(conditionId), waitsSinceMs });
      }
    }
    const chosen = new Set(booksOfRound(candidates, tokensMax));
    return candidates.map(({ tokenId }) => tokenId).filter((tokenId) => chosen.has(tokenId));
  }

  #oldestAtMs(): number | null {
    let oldestAtMs: number | null = null;
    for (const atMs of this.#waitsSinceMs.values()) oldestAtMs = Math.min(oldestAtMs ?? atMs, atMs);
    return oldestAtMs;
  }
}
