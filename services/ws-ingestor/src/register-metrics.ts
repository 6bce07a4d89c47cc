import type { Publisher } from '@polytape/bus';
import type { Metrics } from '@polytape/service';
import type { Ingestor } from './ingestor.ts';
import type { IngestorCounters } from './ingestor-counters.ts';
import type { UnparsedPublisher } from './publishing/unparsed-publisher.ts';
import { RECYCLE_REASONS } from './replacement/recycle-reason.ts';

/** Exposes the ingestor's counters to Prometheus. */
export function registerMetrics(
  metrics: Metrics,
  {
    ingestor,
    publisher,
    unparsedPublisher,
    counters,
  }: { ingestor: Ingestor; publisher: Publisher; unparsedPublisher: UnparsedPublisher; counters: IngestorCounters },
): void {
  metrics.counter('polytape_ingestor_frames_total', 'Frames received from the venue.', () => counters.frames);
  metrics.counter('polytape_ingestor_trades_total', 'Trades received.', () => counters.trades);
  metrics.counter(
    'polytape_ingestor_lifecycle_events_total',
    'New-market and market-resolved events, counted on each connection that receives them.',
    () => counters.lifecycleEvents,
  );
  metrics.counter(
    'polytape_ingestor_tick_size_changes_total',
    'Tick size changes received.',
    () => counters.tickSizeChanges,
  );
  metrics.counter(
    'polytape_ingestor_unparsed_total',
    'Frames and events that could not be parsed.',
    () => counters.unparsed,
  );
  metrics.counter(
    'polytape_ingestor_unparsed_omitted_total',
    'Unparsed frames and events that were counted but not kept.',
    () => counters.unparsedOmitted,
  );
  metrics.gauge(
    'polytape_ingestor_unparsed_queued',
    'Records of unparsed frames and events that JetStream has not acknowledged yet.',
    () => unparsedPublisher.queued,
  );
  metrics.counter(
    'polytape_ingestor_frames_too_large_total',
    'Connections that ended because a frame exceeded the size limit.',
    () => counters.framesTooLarge,
  );
  metrics.counter(
    'polytape_ingestor_connections_opened_total',
    'Connections opened.',
    () => counters.connectionsOpened,
  );
  metrics.counter(
    'polytape_ingestor_connections_closed_total',
    'Connections closed or lost.',
    () => counters.connectionsClosed,
  );
  metrics.counter(
    'polytape_ingestor_reconnections_total',
    'Connections that were lost and came back.',
    () => counters.reconnections,
  );
  registerRecycles(metrics, counters);
  metrics.counter(
    'polytape_ingestor_pauses_total',
    'Times that a full publishing queue paused all connections.',
    () => counters.pauses,
  );
  metrics.counter(
    'polytape_ingestor_unread_seconds_total',
    'Upper bound of the time whose frames were lost because a connection was closed unread.',
    () => counters.unreadMs / 1_000,
  );
  metrics.counter(
    'polytape_ingestor_shards_released_total',
    'Shards handed over to other ingestors.',
    () => counters.shardsReleased,
  );
  metrics.counter(
    'polytape_ingestor_releases_taken_back_total',
    'Shards that were to be handed over and were kept.',
    () => counters.releasesTakenBack,
  );
  metrics.gauge('polytape_ingestor_members', 'Ingestors that share the shards.', () => ingestor.stats().members);
  metrics.gauge(
    'polytape_ingestor_shards_assigned',
    'Shards assigned to this ingestor.',
    () => ingestor.stats().assigned,
  );
  metrics.gauge(
    'polytape_ingestor_shards_unserved',
    'Shards that no ingestor has room for.',
    () => ingestor.stats().unserved,
  );
  metrics.gauge('polytape_ingestor_shards', 'Shards that this ingestor records.', () => ingestor.stats().recorded);
  metrics.gauge(
    'polytape_ingestor_shards_covered',
    'Recorded shards that have their first books.',
    () => ingestor.stats().covered,
  );
  metrics.gauge(
    'polytape_ingestor_shards_connected',
    'Recorded shards that have a connection.',
    () => ingestor.stats().shardsConnected,
  );
  metrics.gauge('polytape_ingestor_connections', 'Open connections.', () => ingestor.stats().connected);
  metrics.gauge('polytape_ingestor_tokens', 'Tokens in the recorded shards.', () => ingestor.stats().tokens);
  metrics.gauge(
    'polytape_ingestor_tokens_covered',
    'Tokens that have their first book.',
    () => ingestor.stats().tokensCovered,
  );
  metrics.gauge(
    'polytape_ingestor_tokens_missing',
    'Tokens that got no first book on two connections in a row.',
    () => ingestor.stats().tokensMissing,
  );
  metrics.gauge(
    'polytape_ingestor_recycling',
    'Connections that are being replaced.',
    () => ingestor.stats().recycling,
  );
  metrics.gauge(
    'polytape_ingestor_publish_queued',
    'Messages waiting to be published.',
    () => publisher.stats().queued,
  );
  metrics.gauge(
    'polytape_ingestor_publish_unacknowledged',
    'Messages published and not acknowledged yet.',
    () => publisher.stats().unacknowledged,
  );
  metrics.counter(
    'polytape_ingestor_publish_acknowledged_total',
    'Messages that JetStream has acknowledged.',
    () => publisher.stats().acknowledged,
  );
  metrics.counter(
    'polytape_ingestor_publish_duplicates_total',
    'Acknowledged messages that JetStream already had.',
    () => publisher.stats().duplicates,
  );
  metrics.counter(
    'polytape_ingestor_publish_retries_total',
    'Messages published again.',
    () => publisher.stats().retries,
  );
}

/** Replacements of connections, by reason. */
function registerRecycles(metrics: Metrics, counters: IngestorCounters): void {
  for (const [result, help] of RECYCLE_RESULTS) {
    metrics.counters(`polytape_ingestor_recycles_${result}_total`, help, 'reason', () =>
      RECYCLE_REASONS.map((reason) => [reason, counters.recycles[reason][result]]),
    );
  }
  const { recycled } = counters;
  metrics.counter(
    'polytape_ingestor_recycle_overlap_seconds_total',
    'Time for which an old and a new connection both recorded.',
    () => recycled.overlapMs / 1_000,
  );
  metrics.counter('polytape_ingestor_stalls_total', 'Connections that were open but dead.', () => counters.stalls);
  metrics.counter(
    'polytape_ingestor_stalled_seconds_total',
    'Time from the last data on a dead connection until its successor took over.',
    () => counters.stalledMs / 1_000,
  );
  metrics.counter(
    'polytape_ingestor_quiet_spells_total',
    'Silent connections that were replaced although their shard was merely quiet.',
    () => counters.quietSpells,
  );
}

const RECYCLE_RESULTS = [
  ['started', 'Replacements of a connection that began, by reason.'],
  ['completed', 'Replacements of a connection that succeeded, by reason.'],
  ['failed', 'Replacements of a connection that failed, so that the old connection was kept, by reason.'],
] as const;
