/** What the scheduler has counted since it started. */
export type SchedulerCounters = {
  scans: number;
  marketsPublished: number;
  /** Entries of Gamma that are no market to record: placeholders, not two outcomes, unknown position systems. */
  marketsSkipped: number;
  /** Facts of the stream EVENTS that were read. */
  lifecycleEvents: number;
  /** Messages of MARKETS and EVENTS that were passed over, because they are not what their subject says. */
  messagesMalformed: number;
  /** Markets of a page that were passed over by a fault of ours. */
  marketsFailed: number;
  /** Announced markets of which Gamma never had a document, as long as it was asked. */
  inquiriesGivenUp: number;
  /** Announcements that were passed over because too many waited for Gamma. */
  announcementsIgnored: number;
  /** To another shard, because the connection of the first did not serve them. */
  marketsMoved: number;
  lastScanAtMs: number | null;
  /** Steps of markets' resolutions that were published. */
  resolutionSteps: number;
  pricesPublished: number;
  /** Tokens that were asked for and have no price at all. */
  quotesUnknown: number;
  booksPublished: number;
  /** Tokens that were asked for and have no book. */
  booksUnknown: number;
  /** Books whose hash is not that of what came: to be looked at when they are many. */
  bookHashDifferences: number;
};

export function newCounters(): SchedulerCounters {
  return {
    scans: 0,
    marketsPublished: 0,
    marketsSkipped: 0,
    lifecycleEvents: 0,
    messagesMalformed: 0,
    marketsFailed: 0,
    inquiriesGivenUp: 0,
    announcementsIgnored: 0,
    marketsMoved: 0,
    lastScanAtMs: null,
    resolutionSteps: 0,
    pricesPublished: 0,
    quotesUnknown: 0,
    booksPublished: 0,
    booksUnknown: 0,
    bookHashDifferences: 0,
  };
}
