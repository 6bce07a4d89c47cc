import type { VenueHttp } from '@polytape/polymarket';
import type { Metrics } from '@polytape/service';
import { registerJobMetrics } from './jobs/register-job-metrics.ts';
import type { Leadership } from './leadership/leadership.ts';
import type { Scheduler } from './scheduler.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';

/** The names under which Prometheus reads what the scheduler counts. */
export function registerMetrics(
  metrics: Metrics,
  o: { scheduler: Scheduler; leadership: Leadership; http: VenueHttp; counters: SchedulerCounters },
): void {
  const { scheduler, leadership, http, counters } = o;
  metrics.gauge('scheduler_leader', 'Whether this scheduler leads: 1 or 0.', () => (leadership.isLeading ? 1 : 0));
  metrics.counter('scheduler_scans_total', 'Scans of the open markets that ended.', () => counters.scans);
  metrics.counter('scheduler_markets_published_total', 'Market documents published.', () => counters.marketsPublished);
  metrics.counter(
    'scheduler_markets_skipped_total',
    'Entries of Gamma that are no market to record.',
    () => counters.marketsSkipped,
  );
  metrics.counter(
    'scheduler_lifecycle_events_total',
    'Announcements and resolutions of markets read from the log.',
    () => counters.lifecycleEvents,
  );
  metrics.counter(
    'scheduler_messages_malformed_total',
    'Messages of MARKETS and EVENTS that were passed over, because they are not what their subject says.',
    () => counters.messagesMalformed,
  );
  metrics.counter(
    'scheduler_markets_failed_total',
    'Markets of which nothing could be published, by a fault of polytape.',
    () => counters.marketsFailed,
  );
  metrics.counter(
    'scheduler_inquiries_given_up_total',
    'Announced markets given up because Gamma never listed them.',
    () => counters.inquiriesGivenUp,
  );
  metrics.counter(
    'scheduler_announcements_ignored_total',
    'Announcements of markets ignored because too many waited for Gamma.',
    () => counters.announcementsIgnored,
  );
  metrics.gauge(
    'scheduler_markets_unconfirmed',
    'Markets planned from their announcement that Gamma has not listed yet.',
    () => scheduler.unconfirmed,
  );
  metrics.counter(
    'scheduler_markets_moved_total',
    'Markets moved to another shard, because the connection of the first did not serve them.',
    () => counters.marketsMoved,
  );
  metrics.gauge(
    'scheduler_tokens_bookless',
    'Tokens of the plan of which the venue was found to have no book.',
    () => scheduler.bookless,
  );
  metrics.counter(
    'scheduler_venue_requests_total',
    'Requests to REST hosts of the venue, each try by itself.',
    () => http.stats().requests,
  );
  metrics.counter('scheduler_venue_retries_total', 'Those of them that were tries again.', () => http.stats().retries);
  metrics.counters('scheduler_venue_errors_total', 'Requests that the venue did not answer, by how.', 'kind', () => {
    const { throttled, refused, failed } = http.stats();
    return Object.entries({ throttled, refused, failed });
  });
  metrics.gauge(
    'scheduler_publish_unacknowledged',
    'Messages published that JetStream has not acknowledged yet.',
    () => scheduler.unacknowledged().messages,
  );
  metrics.gauge('scheduler_publish_oldest_age_seconds', 'Age of the oldest of these messages; 0 without any.', () => {
    const { oldestAtMs } = scheduler.unacknowledged();
    return oldestAtMs === null ? 0 : (Date.now() - oldestAtMs) / 1_000;
  });
  registerJobMetrics(metrics, { jobs: () => scheduler.jobs(), counters });
  metrics.gauge('scheduler_last_scan_timestamp_seconds', 'When a scan last ended.', () =>
    counters.lastScanAtMs === null ? null : counters.lastScanAtMs / 1_000,
  );
  metrics.gauge('scheduler_markets_open', 'Markets that the venue calls open.', () => scheduler.stats().markets.open);
  metrics.gauges('scheduler_markets', 'Markets by their state in the plan.', 'state', () => {
    const { pending, subscribed, expired } = scheduler.stats().markets;
    return Object.entries({ pending, subscribed, expired });
  });
  metrics.gauge('scheduler_shards', 'Shards of the plan.', () => scheduler.stats().shards);
  metrics.gauge('scheduler_tokens', 'Tokens of the plan.', () => scheduler.stats().tokens);
  metrics.gauge(
    'scheduler_capacity_tokens',
    'Tokens that the shards of the plan take up to their target.',
    () => scheduler.stats().capacity.total,
  );
  metrics.gauge('scheduler_capacity_free_tokens', 'Free places of them.', () => scheduler.stats().capacity.free);
}
