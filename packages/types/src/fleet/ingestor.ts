/**
 * What an ingestor announces about itself: the value of key `<ingestorId>` in the KV bucket `ingestors`, put every 5 s and
 * on each change. The key expires after 15 s, so an ingestor without a key counts as gone.
 */
export type IngestorPresence = {
  startedAtMs: number;
  /** A leaving ingestor takes no shards, and does not count as covering those that it still records. */
  state: 'active' | 'leaving';
  /** How many shards it can record. */
  capacity: number;
  /** The shards that it records, by number. */
  shards: Record<string, ShardService>;
};

/**
 * How an ingestor serves a shard: opening -> covered -> releasing -> gone, or back to covered. A lost connection and
 * joining tokens lead back to opening.
 */
export type ShardService = {
  /**
   * `covered`: every token has its first book, or the wait for it is over. A shard that lacks more than
   * `LACKING_TOKENS_MAX` first books is never covered.
   */
  state: 'opening' | 'covered' | 'releasing';
  /** The shard's version whose tokens this is about. Covering an older version does not cover tokens that joined since. */
  version: number;
  /**
   * Only while releasing: the revision of the write that began the release; null in that write itself. When two
   * ingestors release a shard to each other, the one that began later still counts as covering it.
   */
  releasingSince?: number | null;
  /**
   * Of a covered or releasing shard: the tokens without a first book; absent when every token has one. Another ingestor
   * hands the shard over only to one that lacks no token that it has itself. `all`, of an opening shard: a connection is
   * open, and the wait ended without a single book.
   */
  lacking?: string[] | 'all';
  /** Tokens that got no book on two connections in a row; absent when there are none. At most `MISSING_TOKENS_MAX`. */
  missing?: string[];
  /** The first books of this version came in a frame above the frame limit: the shard must become smaller. */
  dumpTooLarge?: true;
};

/** Token ids have 78 digits, and a key must fit a message. Further missing tokens are reported in a later round. */
export const MISSING_TOKENS_MAX = 200;

/** The same limit for the tokens without a first book. */
export const LACKING_TOKENS_MAX = 200;
