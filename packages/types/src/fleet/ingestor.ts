/**
 * What an ingestor says of itself; the value of key `<ingestorId>` in the KV bucket `ingestors`, put every 5 s and on
 * each change. The bucket forgets it after 15 s: an ingestor that says nothing is not alive.
 */
export type IngestorPresence = {
  startedAtMs: number;
  /** One that is leaving takes no shards and does not count as covering those that it still records. */
  state: 'active' | 'leaving';
  /** Shards that it records at most. */
  capacity: number;
  /** What it records, by the shard's number. */
  shards: Record<string, ShardService>;
};

/**
 * How an ingestor serves a shard: opening -> covered -> releasing -> gone, or back to covered. A lost connection and
 * tokens that join lead back to opening.
 */
export type ShardService = {
  /**
   * `covered`: every token has its first book, or the wait for it is over. A shard that lacks more than
   * `LACKING_TOKENS_MAX` first books is never covered.
   */
  state: 'opening' | 'covered' | 'releasing';
  /** Version of the shard whose tokens are meant: who covers an older one does not cover those that joined since. */
  version: number;
  /**
   * Only of a releasing one: the key's revision by which it began; null in that very write. Of two that release one
   * shard to each other, the later one still counts as covering it.
   */
  releasingSince?: number | null;
  /**
   * Of a covered or releasing shard: the tokens without a first book; absent when every token has one. Another ingestor
   * hands the shard over only to one that lacks no token that it has itself. `all`, of an opening shard: a connection is
   * open, and the wait ended without a single book.
   */
  lacking?: string[] | 'all';
  /** Tokens of which no book came on two connections in a row; absent when there are none. At most `MISSING_TOKENS_MAX`. */
  missing?: string[];
  /** The first books of this version came in a frame above the frame limit: the shard must become smaller. */
  dumpTooLarge?: true;
};

/** More are told in the next round: 78 digits each, and a key of the bucket must fit a message. */
export const MISSING_TOKENS_MAX = 200;

/** The same limit for the tokens without a first book. */
export const LACKING_TOKENS_MAX = 200;
