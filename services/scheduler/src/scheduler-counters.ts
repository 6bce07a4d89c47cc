/** What the scheduler has counted since it started. */
export type SchedulerCounters = {
  scans: number;
  scansFailed: number;
  marketsPublished: number;
  /** Entries of Gamma that are no market to record: placeholders, not two outcomes, unknown position systems. */
  marketsSkipped: number;
  lastScanAtMs: number | null;
};

export function newCounters(): SchedulerCounters {
  return { scans: 0, scansFailed: 0, marketsPublished: 0, marketsSkipped: 0, lastScanAtMs: null };
}
