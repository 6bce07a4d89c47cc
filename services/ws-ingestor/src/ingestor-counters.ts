/** What an ingestor has counted since it started; recorders add to it, metrics read it. */
export type IngestorCounters = {
  frames: number;
  trades: number;
  /** New and resolved markets that were heard of, each on each connection that hears them. */
  lifecycleEvents: number;
  unparsed: number;
  connectionsOpened: number;
  connectionsClosed: number;
  /** Shards let go of because others cover them. */
  shardsReleased: number;
  /** Shards whose release was tried and taken back: others did not cover them after all. */
  releasesTakenBack: number;
  /** How often a full publishing queue stopped the reading. */
  pauses: number;
};

export function newCounters(): IngestorCounters {
  return {
    frames: 0,
    trades: 0,
    lifecycleEvents: 0,
    unparsed: 0,
    connectionsOpened: 0,
    connectionsClosed: 0,
    shardsReleased: 0,
    releasesTakenBack: 0,
    pauses: 0,
  };
}
