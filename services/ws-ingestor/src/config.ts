import { LIVE_VENUE } from '@polytape/polymarket';
import { busSettings, type ConfigOrder, type ConfigTable, integer, processSettings, url } from '@polytape/service';

/** The ingestor's settings. The README's settings section is generated from this table. */
export const configTable = {
  POLYMARKET_WS_URL: url({
    default: LIVE_VENUE.ws,
    protocols: ['wss:', 'ws:'],
    description: 'Full address of the market channel.',
  }),
  ...busSettings,
  CONNECT_PACE_MS: integer({
    default: 100,
    min: 0,
    max: 60_000,
    description: 'Pause between opening two connections, including reconnections. Each causes a burst of books.',
  }),
  LIFECYCLE_SHARDS: integer({
    default: 2,
    min: 0,
    max: 100,
    description:
      'How many connections (of the shards with the lowest numbers) also receive new and resolved markets. The venue sends the events of all markets to each of them.',
  }),
  PUBLISH_UNACKNOWLEDGED_MAX: integer({
    default: 4_000,
    min: 1,
    max: 100_000,
    description: 'Maximum number of published messages without an acknowledgement from JetStream.',
  }),
  PUBLISH_QUEUE_MAX: integer({
    default: 50_000,
    min: 1,
    max: 10_000_000,
    description:
      'Messages that may wait to be published. When the queue is full (or has 128 MiB), the connections are paused until it is half empty.',
  }),
  REDUNDANCY: integer({
    default: 1,
    min: 1,
    max: 10,
    description:
      'How many ingestors record each shard. With 2, one can die without a gap. Use the same value for all ingestors.',
  }),
  SHARDS_PER_INGESTOR_MAX: integer({
    default: 1_000,
    min: 1,
    max: 100_000,
    description:
      'Maximum number of shards, and thus connections, of this ingestor. Shards that fit nowhere are reported as unserved.',
  }),
  OVERLAP_MS: integer({
    default: 5_000,
    min: 0,
    max: 600_000,
    description:
      'How long the old and the new owner of a shard both record it; likewise the old and the new connection of a shard, and the old and the new shard of a token.',
  }),
  FIRST_BOOK_TIMEOUT_MS: integer({
    default: 10_000,
    min: 100,
    max: 600_000,
    description: 'How long a connection waits for first books before it counts as covering its shard without them.',
  }),
  RECYCLES_MAX: integer({
    default: 2,
    min: 1,
    max: 100,
    description: 'How many connections are replaced at the same time.',
  }),
  RECYCLE_POLLUTION_PERCENT: integer({
    default: 30,
    min: 1,
    max: 100,
    description:
      'A connection older than RECYCLE_AGE_MS_MIN is replaced when this percentage of the tokens ever subscribed on it has left it.',
  }),
  RECYCLE_AGE_MS_MIN: integer({
    default: 300_000,
    min: 0,
    description: 'Minimum age of a connection that is replaced because tokens have left it.',
  }),
  RECYCLE_AGE_MS_MAX: integer({
    default: 86_400_000,
    min: 1_000,
    description:
      'Maximum age of a connection. Connections are replaced up to a fifth earlier, at random, so that they do not all expire at once.',
  }),
  STALL_MS_MIN: integer({
    default: 6_000,
    min: 100,
    max: 600_000,
    description: 'Silence limit for busy shards: a connection without data for this long is replaced.',
  }),
  STALL_MS_MAX: integer({
    default: 60_000,
    min: 100,
    max: 600_000,
    description:
      'Silence limit for quiet shards. Doubles after each replacement for silence, up to ten times this value, until data flows again.',
  }),
  HAND_OVER_MS_MAX: integer({
    default: 30_000,
    min: 0,
    max: 600_000,
    description:
      'How long a stopping ingestor waits for others to cover its shards. If it is the only one, it does not wait.',
  }),
  ...processSettings,
  STOP_DEADLINE_MS: integer({
    default: 40_000,
    min: 100,
    description:
      'Maximum duration of a stop, after which the process exits anyway. Must be at least HAND_OVER_MS_MAX; the difference is the time for publishing the rest.',
  }),
} satisfies ConfigTable;

/** A deadline below HAND_OVER_MS_MAX would cut off the hand-over, and lose trades. */
export const configOrder = [
  ['STALL_MS_MIN', 'STALL_MS_MAX'],
  ['RECYCLE_AGE_MS_MIN', 'RECYCLE_AGE_MS_MAX'],
  ['HAND_OVER_MS_MAX', 'STOP_DEADLINE_MS'],
] as const satisfies ConfigOrder<typeof configTable>;
