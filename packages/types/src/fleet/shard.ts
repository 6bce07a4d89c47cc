/**
 * One shard of the plan: the tokens that one connection records. The value of key `<number>` in the KV bucket `shards`,
 * written by the scheduler only, always by revision.
 */
export type Shard = {
  /**
   * Grows with each change of the shard. A number that is reused after a shard's end continues with greater versions,
   * because whoever covers a version counts as covering all earlier ones.
   */
  version: number;
  /** At most SHARD_TOKENS_MAX. Both tokens of a market are in the same shard. */
  tokens: ShardToken[];
  /** How many tokens the shard is filled to, if the venue serves fewer on its connection than the setting says. */
  tokensTarget?: number;
  /** When the target was last lowered, and last raised again to test it; milliseconds since the epoch. */
  targetLoweredAtMs?: number;
  targetRaisedAtMs?: number;
};

export type ShardToken = { tokenId: string; conditionId: string };

/** With more tokens on one connection, the venue silently sends no first book for some. */
export const SHARD_TOKENS_MAX = 500;
