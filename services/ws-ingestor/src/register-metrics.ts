import type { Publisher } from '@polytape/bus';
import type { Metrics } from '@polytape/service';
import type { Ingestor } from './ingestor.ts';
import type { IngestorCounters } from './ingestor-counters.ts';
import type { UnparsedPublisher } from './publishing/unparsed-publisher.ts';
import { RECYCLE_REASONS } from './replacement/recycle-reason.ts';

/** The names under which Prometheus reads what the ingestor counts. */
export function registerMetrics(
  metrics: Metrics,
  {
    ingestor,
    publisher,
    unparsedPublisher,
    counters,
  }: { ingestor: Ingestor; publisher: Publisher; unparsedPublisher: UnparsedPublisher; counters: IngestorCounters },
): void {
  metrics.counter('ingestor_frames_total', 'Frames received.', () => counters.frames);
  metrics.counter('ingestor_trades_total', 'Trades received.', () => counters.trades);
  metrics.counter(
    'ingestor_lifecycle_events_total',
    'New and resolved markets heard of.',
    () => counters.lifecycleEvents,
  );
  metrics.counter(
    'ingestor_tick_size_changes_total',
    'Changes of a tick size heard of.',
    () => counters.tickSizeChanges,
  );
  metrics.counter('ingestor_unparsed_total', 'Frames and events that could not be parsed.', () => counters.unparsed);
  metrics.counter(
    'ingestor_unparsed_omitted_total',
    'Of the unparsed frames and events: those that were counted and not kept.',
    () => counters.unparsedOmitted,
  );
  metrics.gauge(
    'ingestor_unparsed_queued',
    'Records of unparsed frames and events that JetStream has not acknowledged.',
    () => unparsedPublisher.queued,
  );
  metrics.counter(
    'ingestor_frames_too_large_total',
    'Frames above the frame limit, each of which ended its connection.',
    () => counters.framesTooLarge,
  );
  metrics.counter('ingestor_connections_opened_total', 'Connections opened.', () => counters.connectionsOpened);
  metrics.counter('ingestor_connections_closed_total', 'Connections that ended.', () => counters.connectionsClosed);
  metrics.counter(
    'ingestor_reconnections_total',
    'Connections that were lost and came back.',
    () => counters.reconnections,
  );
  registerRecycles(metrics, counters);
  metrics.counter('ingestor_pauses_total', 'Times a full queue stopped the reading.', () => counters.pauses);
  metrics.counter(
    'ingestor_unread_seconds_total',
    'Time of frames given up unread because their connection had to be closed.',
    () => counters.unreadMs / 1_000,
  );
  metrics.counter('ingestor_shards_released_total', 'Shards handed over.', () => counters.shardsReleased);
  metrics.counter(
    'ingestor_releases_taken_back_total',
    'Shards that were about to be handed over and were kept.',
    () => counters.releasesTakenBack,
  );
  metrics.gauge('ingestor_members', 'Ingestors that share the shards.', () => ingestor.stats().members);
  metrics.gauge('ingestor_shards_assigned', 'Shards that it is to record.', () => ingestor.stats().assigned);
  metrics.gauge('ingestor_shards_unserved', 'Shards that no ingestor has room for.', () => ingestor.stats().unserved);
  metrics.gauge('ingestor_shards', 'Shards recorded.', () => ingestor.stats().recorded);
  metrics.gauge('ingestor_shards_covered', 'Shards whose first books have come.', () => ingestor.stats().covered);
  metrics.gauge('ingestor_shards_connected', 'Shards that have a connection.', () => ingestor.stats().shardsConnected);
  metrics.gauge('ingestor_connections', 'Connections open now.', () => ingestor.stats().connected);
  metrics.gauge('ingestor_tokens', 'Tokens wanted.', () => ingestor.stats().tokens);
  metrics.gauge('ingestor_tokens_covered', 'Tokens whose first book has come.', () => ingestor.stats().tokensCovered);
  metrics.gauge(
    'ingestor_tokens_missing',
    'Tokens of which no book came, also not on a fresh connection.',
    () => ingestor.stats().tokensMissing,
  );
  metrics.gauge('ingestor_recycling', 'Connections that are being replaced.', () => ingestor.stats().recycling);
  metrics.gauge('ingestor_publish_queued', 'Messages waiting to be published.', () => publisher.stats().queued);
  metrics.gauge(
    'ingestor_publish_unacknowledged',
    'Messages published and not acknowledged.',
    () => publisher.stats().unacknowledged,
  );
  metrics.counter(
    'ingestor_publish_acknowledged_total',
    'Messages that JetStream has stored.',
    () => publisher.stats().acknowledged,
  );
  metrics.counter(
    'ingestor_publish_duplicates_total',
    'Messages that JetStream had already.',
    () => publisher.stats().duplicates,
  );
  metrics.counter('ingestor_publish_retries_total', 'Messages published again.', () => publisher.stats().retries);
}

/** What became of the connections that were to be replaced by fresh ones, by why. */
function registerRecycles(metrics: Metrics, counters: IngestorCounters): void {
  for (const [result, help] of RECYCLE_RESULTS) {
    metrics.counters(`ingestor_recycles_${result}_total`, help, 'reason', () =>
      RECYCLE_REASONS.map((reason) => [reason, counters.recycles[reason][result]]),
    );
  }
  const { recycled } = counters;
  metrics.counter(
    'ingestor_recycle_overlap_seconds_total',
    'Time for which an old and a new connection both recorded.',
    () => recycled.overlapMs / 1_000,
  );
  metrics.counter('ingestor_stalls_total', 'Connections found open and dead.', () => counters.stalls);
  metrics.counter(
    'ingestor_stalled_seconds_total',
    'Time from their last data until others took over.',
    () => counters.stalledMs / 1_000,
  );
  metrics.counter(
    'ingestor_quiet_spells_total',
    'Silences of a connection that turned out to be mere quiet.',
    () => counters.quietSpells,
  );
}

const RECYCLE_RESULTS = [
  ['started', 'Connections to which a successor was opened.'],
  ['completed', 'Connections that their successor replaced.'],
  ['failed', 'Connections that were kept because their successor failed.'],
] as const;
