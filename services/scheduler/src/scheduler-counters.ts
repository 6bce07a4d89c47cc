export type SchedulerCounters = ReturnType<typeof newCounters>;

/** What the scheduler counts since it started; `register-metrics.ts` has the meaning of each number. */
export function newCounters() {
  return {
    scans: 0,
    lastScanAtMs: null as number | null,
    marketsPublished: 0,
    /** Placeholders, markets without exactly two outcomes, unknown position systems, unreadable entries. */
    marketsSkipped: 0,
    marketsFailed: 0,
    marketsMoved: 0,
    lifecycleEvents: 0,
    messagesMalformed: 0,
    inquiriesGivenUp: 0,
    announcementsIgnored: 0,
    resolutionSteps: 0,
    pricesPublished: 0,
    pricesUnknown: 0,
    booksPublished: 0,
    booksUnknown: 0,
    bookHashDifferences: 0,
  };
}
