import type { Shard } from '@polytape/types';
import type { Misplaced, Planning } from './shard-planner.ts';

/**
 * Which markets are to move because their connection does not serve them, and which have simply no book: what was asked
 * of the venue, what was moved, and when. It takes the time; the asking is the caller's.
 *
 * A token that the venue itself has no book of is not moved; it is asked for again much later, for a market may get its
 * book after it opened. A market that was moved rests
 * for a while where it is, and does not go back to a shard that was found to serve less.
 */
export class MisplacedMarkets {
  readonly #o: MisplacedLimits;
  /** By token: when the venue was last asked in vain. */
  readonly #bookless = new Map<string, number>();
  readonly #moves = new Map<string, { atMs: number; from: Set<number> }>();

  constructor(limits: MisplacedLimits) {
    this.#o = limits;
  }

  /** Tokens in the plan of which the venue has no book. */
  get bookless(): number {
    return this.#bookless.size;
  }

  /** The missing tokens whose books the venue is to be asked for now. */
  toAskFor(missing: ReadonlyMap<number, ReadonlySet<string>>, shards: Shards, nowMs: number): string[] {
    const tokenIds: string[] = [];
    for (const [number, told] of missing) {
      for (const { tokenId, conditionId } of shards.get(number)?.tokens ?? []) {
        if (tokenIds.length >= this.#o.askedMax) return tokenIds;
        const isDue = nowMs - (this.#bookless.get(tokenId) ?? Number.NEGATIVE_INFINITY) >= this.#o.booklessMs;
        if (told.has(tokenId) && isDue && !this.#isResting(conditionId, nowMs)) tokenIds.push(tokenId);
      }
    }
    return tokenIds;
  }

  /** What the venue answered: which of the tokens have a book. @returns How many more than before have none. */
  answered({ withBook, without }: { withBook: Iterable<string>; without: Iterable<string> }, nowMs: number): number {
    const before = this.#bookless.size;
    for (const tokenId of withBook) this.#bookless.delete(tokenId);
    for (const tokenId of without) {
      if (this.#bookless.has(tokenId) || this.#bookless.size < this.#o.booklessMax) this.#bookless.set(tokenId, nowMs);
    }
    return Math.max(0, this.#bookless.size - before);
  }

  /** The markets to move, by their shard, given the missing tokens of which the venue does have a book. */
  misplaced(
    missing: ReadonlyMap<number, ReadonlySet<string>>,
    withBook: ReadonlySet<string>,
    shards: Shards,
  ): Map<number, Misplaced> {
    const found = new Map<number, Misplaced>();
    for (const [number, told] of missing) {
      const { version = 0, tokens = [] } = shards.get(number) ?? {};
      const toMove = tokens.filter(({ tokenId }) => told.has(tokenId) && withBook.has(tokenId));
      if (toMove.length === 0) continue;
      // One without a book takes its place on the connection all the same; the others were asked for and not sent.
      const unserved = tokens.filter(({ tokenId }) => told.has(tokenId) && !this.#bookless.has(tokenId)).length;
      const markets = new Map(toMove.map(({ conditionId }) => [conditionId, this.#barred(conditionId, shards)]));
      found.set(number, { version, tokensServed: tokens.length - unserved, markets });
    }
    return found;
  }

  /** The second half of a shard's markets, to be moved because the shard's first books exceed the frame limit. */
  half(number: number, shards: Shards): Misplaced | null {
    const { version = 0, tokens = [] } = shards.get(number) ?? {};
    const conditionIds = [...new Set(tokens.map(({ conditionId }) => conditionId))];
    const staying = Math.ceil(conditionIds.length / 2);
    const leaving = conditionIds.slice(staying);
    if (leaving.length === 0) return null; // one market cannot be split
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

  /** Forgets what has left the plan. */
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
  /** Tokens that the venue is asked for in one round. */
  askedMax: number;
  /** Tokens without a book that are remembered; more of them are asked for again and again. */
  booklessMax: number;
  /** How long it is believed of a token that it has none. */
  booklessMs: number;
  /** Moves that are remembered; the oldest go first. */
  movesMax: number;
  /** How long a market that was moved stays where it is. */
  restMs: number;
};

type Shards = ReadonlyMap<number, Shard>;
