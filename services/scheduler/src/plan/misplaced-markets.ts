import type { Shard } from '@polytape/types';
import type { Misplaced, Planning } from './shard-planner.ts';

/**
 * Decides which markets must move because their connection does not serve them, and which simply have no book. Remembers
 * the venue's answers and the moves. Pure: takes the time, and leaves the requests to the caller.
 *
 * A token without a book at the venue is not moved. The venue is asked again much later, because a market may get its book
 * after it opened. A moved market stays where it is for a while, and never returns to a shard whose target was lowered.
 */
export class MisplacedMarkets {
  readonly #o: MisplacedLimits;
  /** By token: when the venue last had no book of it. */
  readonly #bookless = new Map<string, number>();
  readonly #moves = new Map<string, { atMs: number; from: Set<number> }>();

  constructor(limits: MisplacedLimits) {
    this.#o = limits;
  }

  /** Planned tokens for which the venue has no book. */
  get bookless(): number {
    return this.#bookless.size;
  }

  /** The missing tokens to ask the venue for now. */
  toAskFor(missing: ReadonlyMap<number, ReadonlySet<string>>, shards: Shards, nowMs: number): string[] {
    const tokenIds: string[] = [];
    for (const [number, reported] of missing) {
      for (const { tokenId, conditionId } of shards.get(number)?.tokens ?? []) {
        if (tokenIds.length >= this.#o.askedMax) return tokenIds;
        const isDue = nowMs - (this.#bookless.get(tokenId) ?? Number.NEGATIVE_INFINITY) >= this.#o.booklessMs;
        if (reported.has(tokenId) && isDue && !this.#isResting(conditionId, nowMs)) tokenIds.push(tokenId);
      }
    }
    return tokenIds;
  }

  /** Takes the venue's answer. @returns How many tokens were newly found to have no book. */
  answered({ withBook, without }: { withBook: Iterable<string>; without: Iterable<string> }, nowMs: number): number {
    const before = this.#bookless.size;
    for (const tokenId of withBook) this.#bookless.delete(tokenId);
    for (const tokenId of without) {
      if (this.#bookless.has(tokenId) || this.#bookless.size < this.#o.booklessMax) this.#bookless.set(tokenId, nowMs);
    }
    return Math.max(0, this.#bookless.size - before);
  }

  /** The markets to move, by shard, given the missing tokens that do have a book at the venue. */
  misplaced(
    missing: ReadonlyMap<number, ReadonlySet<string>>,
    withBook: ReadonlySet<string>,
    shards: Shards,
  ): Map<number, Misplaced> {
    const found = new Map<number, Misplaced>();
    for (const [number, reported] of missing) {
      const { version = 0, tokens = [] } = shards.get(number) ?? {};
      const toMove = tokens.filter(({ tokenId }) => reported.has(tokenId) && withBook.has(tokenId));
      if (toMove.length === 0) continue;
      // A token without a book still takes a place on the connection; the connection failed to serve the others.
      const unserved = tokens.filter(({ tokenId }) => reported.has(tokenId) && !this.#bookless.has(tokenId)).length;
      const markets = new Map(toMove.map(({ conditionId }) => [conditionId, this.#barred(conditionId, shards)]));
      found.set(number, { version, tokensServed: tokens.length - unserved, markets });
    }
    return found;
  }

  /** The second half of a shard's markets, for a shard whose first books exceed the frame limit; null if it has only one. */
  half(number: number, shards: Shards): Misplaced | null {
    const { version = 0, tokens = [] } = shards.get(number) ?? {};
    const conditionIds = [...new Set(tokens.map(({ conditionId }) => conditionId))];
    const staying = Math.ceil(conditionIds.length / 2);
    const leaving = conditionIds.slice(staying);
    if (leaving.length === 0) return null;
    const markets = new Map(leaving.map((conditionId) => [conditionId, this.#barred(conditionId, shards)]));
    const tokensServed = tokens.filter(({ conditionId }) => !markets.has(conditionId)).length;
    return { version, tokensServed, markets };
  }

  moved(moves: Planning['moved'], nowMs: number): void {
    for (const { conditionId, from } of moves) {
      const earlier = this.#moves.get(conditionId)?.from ?? [];
      this.#moves.delete(conditionId);
      this.#moves.set(conditionId, { atMs: nowMs, from: new Set([...earlier, from]) });
    }
    for (const longestAgo of this.#moves.keys()) {
      if (this.#moves.size <= this.#o.movesMax) break;
      this.#moves.delete(longestAgo);
    }
  }

  /** Forgets tokens and markets that left the plan. */
  forgetOthersThan(shards: Shards): void {
    if (this.#bookless.size === 0 && this.#moves.size === 0) return;
    const bookless = new Set<string>();
    const moved = new Set<string>();
    for (const { tokens } of shards.values()) {
      for (const { tokenId, conditionId } of tokens) {
        if (this.#bookless.has(tokenId)) bookless.add(tokenId);
        if (this.#moves.has(conditionId)) moved.add(conditionId);
      }
    }
    for (const tokenId of this.#bookless.keys()) if (!bookless.has(tokenId)) this.#bookless.delete(tokenId);
    for (const conditionId of this.#moves.keys()) if (!moved.has(conditionId)) this.#moves.delete(conditionId);
  }

  #isResting(conditionId: string, nowMs: number): boolean {
    const move = this.#moves.get(conditionId);
    return move !== undefined && nowMs - move.atMs < this.#o.restMs;
  }

  #barred(conditionId: string, shards: Shards): Set<number> {
    const from = [...(this.#moves.get(conditionId)?.from ?? [])];
    return new Set(from.filter((number) => shards.get(number)?.tokensTarget !== undefined));
  }
}

export type MisplacedLimits = {
  /** Tokens to ask the venue for in one round. */
  askedMax: number;
  /** Tokens without a book to remember. Any further ones are asked for in every round. */
  booklessMax: number;
  /** How long the answer that a token has no book holds. */
  booklessMs: number;
  /** Moves to remember. The oldest are forgotten first. */
  movesMax: number;
  /** How long a moved market stays where it is. */
  restMs: number;
};

type Shards = ReadonlyMap<number, Shard>;
