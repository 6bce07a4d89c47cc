/**
 * What an ingestor says of itself; the value of key `<ingestorId>` in the KV bucket `ingestors`, put every 5 s. The
 * bucket forgets it after 15 s: an ingestor that says nothing is not alive.
 */
export type IngestorPresence = {
  startedAtMs: number;
  /** Numbers of the shards it records. */
  shards: number[];
};
