/**
 * One shard of the plan: what a single connection records. The value of key `<number>` in the KV bucket `shards`,
 * written only by the scheduler, each write by revision.
 */
export type Shard = {
  /**
   * Grows with each change of this shard, and over its end, too: a number that is used again goes on with a greater one,
   * for whoever covers a version is taken to cover those before it.
   */
  version: number;
  /** At most SHARD_TOKENS_MAX; both tokens of a market stand in one shard. */
  tokens: ShardToken[];
  /** Tokens that it is filled to, where the venue was found to serve fewer on its connection; else the setting holds. */
  tokensTarget?: number;
  /** When that was found last, and when the target was last raised again, to see whether it still holds; since the epoch. */
  targetLoweredAtMs?: number;
  targetRaisedAtMs?: number;
};

export type ShardToken = { tokenId: string; conditionId: string };

/** More tokens than this on one connection and the venue silently sends no first book for some. */
export const SHARD_TOKENS_MAX = 500;
