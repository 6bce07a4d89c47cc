import type { VenueHttp } from '@polytape/polymarket';
import type { Metrics } from '@polytape/service';
import { registerJobMetrics } from './jobs/register-job-metrics.ts';
import type { Leadership } from './leadership/leadership.ts';
import type { Scheduler } from './scheduler.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';

/** Registers the scheduler's metrics. */
export function registerMetrics(
  metrics: Metrics,
  o: { scheduler: Scheduler; leadership: Leadership; http: VenueHttp; counters: SchedulerCounters },
): void {
  const { scheduler, leadership, http, counters } = o;
  const totals: [name: string, help: string, read: () => number][] = [
    ['scans', 'Complete scans of the open markets.', () => counters.scans],
    ['markets_published', 'Market documents published.', () => counters.marketsPublished],
    ['markets_skipped', 'Gamma entries skipped because they are not a binary market.', () => counters.marketsSkipped],
    ['markets_failed', 'Markets not published because of a fault of polytape.', () => counters.marketsFailed],
    ['markets_moved', 'Markets moved because their connection did not serve them.', () => counters.marketsMoved],
    ['lifecycle_events', 'Announced and resolved markets read from EVENTS.', () => counters.lifecycleEvents],
    ['messages_malformed', 'Malformed messages of MARKETS and EVENTS skipped.', () => counters.messagesMalformed],
    ['inquiries_given_up', 'Announced markets that Gamma never listed.', () => counters.inquiriesGivenUp],
    [
      'announcements_ignored',
      'Announcements ignored because too many markets waited for Gamma.',
      () => counters.announcementsIgnored,
    ],
    ['resolution_steps', "Steps of markets' resolutions published.", () => counters.resolutionSteps],
    ['prices_published', 'Price snapshots published.', () => counters.pricesPublished],
    ['prices_unknown', 'Requested tokens for which the venue has no price.', () => counters.pricesUnknown],
    ['books_published', 'Book snapshots published.', () => counters.booksPublished],
    ['books_unknown', 'Requested tokens for which the venue has no book.', () => counters.booksUnknown],
    ['book_hash_differences', 'Books whose hash does not match their content.', () => counters.bookHashDifferences],
    ['venue_requests', "Requests to the venue's REST hosts, retries included.", () => http.stats().requests],
    ['venue_retries', "Retried requests to the venue's REST hosts.", () => http.stats().retries],
  ];
  for (const [name, help, read] of totals) metrics.counter(`polytape_scheduler_${name}_total`, help, read);
  metrics.counters('polytape_scheduler_venue_errors_total', 'Failed requests to the venue, by kind.', 'kind', () => {
    const { throttled, refused, failed } = http.stats();
    return Object.entries({ throttled, refused, failed });
  });

  const gauges: [name: string, help: string, read: () => number | null][] = [
    ['leader', 'Whether this scheduler leads: 1 or 0.', () => (leadership.isLeading ? 1 : 0)],
    ['last_scan_timestamp_seconds', 'When the last complete scan ended.', () => inSeconds(counters.lastScanAtMs)],
    ['markets_open', 'Markets that the venue calls open.', () => scheduler.stats().markets.open],
    ['markets_unconfirmed', 'Markets planned before Gamma listed them.', () => scheduler.unconfirmed],
    ['shards', 'Shards of the plan.', () => scheduler.stats().shards],
    ['tokens', 'Tokens of the plan.', () => scheduler.stats().tokens],
    ['tokens_bookless', 'Planned tokens for which the venue has no book.', () => scheduler.bookless],
    ['capacity_tokens', 'Tokens that the shards hold when filled to their target.', () => capacity().total],
    ['capacity_free_tokens', 'Free places up to the targets of the shards.', () => capacity().free],
    [
      'publish_unacknowledged',
      'Published messages that JetStream has not acknowledged yet.',
      () => scheduler.unacknowledged().messages,
    ],
    ['publish_oldest_age_seconds', 'Age of the oldest unacknowledged message; 0 without any.', () => oldestAge()],
  ];
  for (const [name, help, read] of gauges) metrics.gauge(`polytape_scheduler_${name}`, help, read);
  metrics.gauges('polytape_scheduler_markets', 'Markets by their state in the plan.', 'state', () => {
    const { pending, subscribed, expired } = scheduler.stats().markets;
    return Object.entries({ pending, subscribed, expired });
  });
  registerJobMetrics(metrics, () => scheduler.jobs());

  function capacity() {
    return scheduler.stats().capacity;
  }
  function oldestAge(): number {
    const { oldestAtMs } = scheduler.unacknowledged();
    return oldestAtMs === null ? 0 : (Date.now() - oldestAtMs) / 1_000;
  }
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
