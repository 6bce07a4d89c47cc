/** What the scheduler has counted since it started. */
export type SchedulerCounters = {
  scans: number;
  scansFailed: number;
  marketsPublished: number;
  /** Entries of Gamma that are no market to record: placeholders, not two outcomes, unknown position systems. */
  marketsSkipped: number;
  /** Facts of the stream EVENTS that were read. */
  lifecycleEvents: number;
  /** Markets of which an event told and Gamma did not, as long as it was asked. */
  inquiriesGivenUp: number;
  /** To another shard, because the connection of the first did not serve them. */
  marketsMoved: number;
  lastScanAtMs: number | null;
};

export function newCounters(): SchedulerCounters {
  return {
    scans: 0,
    scansFailed: 0,
    marketsPublished: 0,
    marketsSkipped: 0,
    lifecycleEvents: 0,
    inquiriesGivenUp: 0,
    marketsMoved: 0,
    lastScanAtMs: null,
  };
}
