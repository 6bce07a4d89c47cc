import type { Publisher } from '@polytape/bus';
import type { Metrics } from '@polytape/service';
import type { Ingestor } from './ingestor.ts';
import type { IngestorCounters } from './ingestor-counters.ts';
import type { UnparsedPublisher } from './publishing/unparsed-publisher.ts';
import { RECYCLE_REASONS } from './replacement/recycle-reason.ts';

/** Exposes the ingestor's counters and figures to Prometheus. */
export function registerMetrics(
  metrics: Metrics,
  o: { ingestor: Ingestor; publisher: Publisher; unparsedPublisher: UnparsedPublisher; counters: IngestorCounters },
): void {
  const counter = (name: string, help: string, read: () => number) => metrics.counter(NAMESPACE + name, help, read);
  const gauge = (name: string, help: string, read: () => number | null) => metrics.gauge(NAMESPACE + name, help, read);
  const count = o.counters;
  counter('frames_total', 'Frames received from the venue.', () => count.frames);
  counter('trades_total', 'Trades received.', () => count.trades);
  counter(
    'lifecycle_events_total',
    'New-market and market-resolved events, counted on each connection that receives them.',
    () => count.lifecycleEvents,
  );
  counter('tick_size_changes_total', 'Tick size changes received.', () => count.tickSizeChanges);
  counter('unparsed_total', 'Frames and events that could not be parsed.', () => count.unparsed);
  counter('unparsed_omitted_total', 'Unparsed bodies that were counted but not kept.', () => count.unparsedOmitted);
  gauge(
    'unparsed_queued',
    'Records of unparsed bodies that JetStream has not acknowledged yet.',
    () => o.unparsedPublisher.queued,
  );
  counter(
    'frames_too_large_total',
    'Frames above the size limit, each of which ended its connection.',
    () => count.framesTooLarge,
  );
  counter('connections_opened_total', 'Connections opened.', () => count.connectionsOpened);
  counter('connections_closed_total', 'Connections closed or lost.', () => count.connectionsClosed);
  counter('reconnections_total', 'Connections that were lost and came back.', () => count.reconnections);
  counter('pauses_total', 'Times that a full publishing queue paused all connections.', () => count.pauses);
  counter(
    'unread_seconds_total',
    'Upper bound of the time whose frames were lost because a connection was closed unread.',
    () => count.unreadMs / 1_000,
  );
  counter('shards_released_total', 'Shards handed over to other ingestors.', () => count.shardsReleased);
  counter(
    'releases_taken_back_total',
    'Shards that were to be handed over and were kept.',
    () => count.releasesTakenBack,
  );
  registerRecycles(metrics, count);

  const stats = () => o.ingestor.stats();
  gauge('members', 'Ingestors that share the shards.', () => stats().members);
  gauge('shards_assigned', 'Shards assigned to this ingestor.', () => stats().assigned);
  gauge('shards_unserved', 'Shards that no ingestor has room for.', () => stats().unserved);
  gauge('shards', 'Shards that this ingestor records.', () => stats().recorded);
  gauge('shards_covered', 'Recorded shards that have their first books.', () => stats().covered);
  gauge('shards_connected', 'Recorded shards that have a connection.', () => stats().shardsConnected);
  gauge('connections', 'Open connections.', () => stats().connected);
  gauge('tokens', 'Tokens in the recorded shards.', () => stats().tokens);
  gauge('tokens_covered', 'Tokens that have their first book.', () => stats().tokensCovered);
  gauge('tokens_missing', 'Tokens that got no first book on two connections in a row.', () => stats().tokensMissing);
  gauge('recycling', 'Connections that are being replaced.', () => stats().recycling);

  const published = () => o.publisher.stats();
  gauge('publish_queued', 'Messages waiting to be published.', () => published().queued);
  gauge('publish_unacknowledged', 'Messages published and not acknowledged yet.', () => published().unacknowledged);
  counter('publish_acknowledged_total', 'Messages that JetStream acknowledged.', () => published().acknowledged);
  counter(
    'publish_duplicates_total',
    'Acknowledged messages that JetStream already had.',
    () => published().duplicates,
  );
  gauge('publish_held', 'Messages acknowledged and kept until they must be on disk.', () => published().held);
  gauge('publish_held_bytes', 'Bytes of these messages.', () => published().heldBytes);
  counter(
    'publish_republished_total',
    'Acknowledged messages published again because NATS may have lost them.',
    () => published().republished,
  );
  counter('publish_retries_total', 'Messages published again.', () => published().retries);
}

/** Replacements of connections, by reason. */
function registerRecycles(metrics: Metrics, count: IngestorCounters): void {
  const counter = (name: string, help: string, read: () => number) => metrics.counter(NAMESPACE + name, help, read);
  for (const [result, help] of RECYCLE_RESULTS) {
    metrics.counters(`${NAMESPACE}recycles_${result}_total`, help, 'reason', () =>
      RECYCLE_REASONS.map((reason) => [reason, count.recycles[reason][result]]),
    );
  }
  counter(
    'recycle_overlap_seconds_total',
    'Time for which an old and a new connection both recorded.',
    () => count.recycled.overlapMs / 1_000,
  );
  counter('stalls_total', 'Connections that were open but dead.', () => count.stalls);
  counter(
    'stalled_seconds_total',
    'Time from the last data on a dead connection until its successor took over.',
    () => count.stalledMs / 1_000,
  );
  counter(
    'quiet_spells_total',
    'Silent connections that were replaced although their shard was merely quiet.',
    () => count.quietSpells,
  );
}

const NAMESPACE = 'polytape_ingestor_';
const RECYCLE_RESULTS = [
  ['started', 'Replacements of a connection that began, by reason.'],
  ['completed', 'Replacements of a connection that succeeded, by reason.'],
  ['failed', 'Replacements of a connection that failed, so that the old connection was kept, by reason.'],
] as const;
