/**
 * One shard of the plan: what a single connection records. The value of key `<number>` in the KV bucket `shards`,
 * written only by the scheduler, each write by revision.
 */
export type Shard = {
  /** Counts the changes of this shard. */
  version: number;
  /** At most SHARD_TOKENS_MAX; both tokens of a market stand in one shard. */
  tokens: ShardToken[];
  /** Tokens that it is filled to, where the venue was found to serve fewer on its connection; else the setting holds. */
  tokensTarget?: number;
};

export type ShardToken = { tokenId: string; conditionId: string };

/** More tokens than this on one connection and the venue silently sends no first book for some. */
export const SHARD_TOKENS_MAX = 500;
