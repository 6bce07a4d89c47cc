import type { Metrics } from '@polytape/service';
import type { Scheduler } from './scheduler.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';

/** The names under which Prometheus reads what the scheduler counts. */
export function registerMetrics(
  metrics: Metrics,
  { scheduler, counters }: { scheduler: Scheduler; counters: SchedulerCounters },
): void {
  metrics.counter('scheduler_scans_total', 'Scans of the open markets that ended.', () => counters.scans);
  metrics.counter('scheduler_scans_failed_total', 'Scans that were given up.', () => counters.scansFailed);
  metrics.counter('scheduler_markets_published_total', 'Market documents published.', () => counters.marketsPublished);
  metrics.counter(
    'scheduler_markets_skipped_total',
    'Entries of Gamma that are no market to record.',
    () => counters.marketsSkipped,
  );
  metrics.gauge('scheduler_last_scan_timestamp_seconds', 'When a scan last ended.', () =>
    counters.lastScanAtMs === null ? null : counters.lastScanAtMs / 1_000,
  );
  metrics.gauge('scheduler_markets_open', 'Markets that the venue calls open.', () => scheduler.stats().marketsOpen);
  metrics.gauge('scheduler_shards', 'Shards of the plan.', () => scheduler.stats().shards);
  metrics.gauge('scheduler_tokens', 'Tokens of the plan.', () => scheduler.stats().tokens);
}
