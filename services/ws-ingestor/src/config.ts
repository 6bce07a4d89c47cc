import { LIVE_VENUE } from '@polytape/polymarket';
import { busSettings, type ConfigOrder, type ConfigTable, integer, processSettings, url } from '@polytape/service';

/** The ingestor's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_WS_URL: url({
    default: LIVE_VENUE.ws,
    protocols: ['wss:', 'ws:'],
    description: 'The full address of the market channel.',
  }),
  ...busSettings,
  CONNECT_PACE_MS: integer({
    default: 100,
    min: 0,
    max: 60_000,
    description: 'Pause between two new connections, also those that come back: each causes a burst of books.',
  }),
  LIFECYCLE_SHARDS: integer({
    default: 2,
    min: 0,
    max: 100,
    description:
      'Connections, of the shards with the lowest numbers, that also hear of new and resolved markets; the venue sends those of all markets to each of them.',
  }),
  PUBLISH_UNACKNOWLEDGED_MAX: integer({
    default: 1_000,
    min: 1,
    max: 100_000,
    description: 'Messages on their way to JetStream at once.',
  }),
  PUBLISH_QUEUE_MAX: integer({
    default: 50_000,
    min: 1,
    max: 10_000_000,
    description:
      'Messages that wait behind them; when they are that many, the connections are not read until half are gone.',
  }),
  REDUNDANCY: integer({
    default: 1,
    min: 1,
    max: 10,
    description: 'Ingestors that record each shard; with 2, one may die without a gap. The same for all of them.',
  }),
  SHARDS_PER_INGESTOR_MAX: integer({
    default: 1_000,
    min: 1,
    max: 100_000,
    description:
      'Shards, and thus connections, of one ingestor at most; what does not fit anywhere is told as unserved.',
  }),
  OVERLAP_MS: integer({
    default: 5_000,
    min: 0,
    max: 600_000,
    description:
      'How long the old and the new owner of a shard both record it; likewise two connections, and a token that changes its shard.',
  }),
  FIRST_BOOK_TIMEOUT_MS: integer({
    default: 10_000,
    min: 100,
    max: 600_000,
    description:
      'How long a connection waits for the first books of its last tokens before it counts as covering them.',
  }),
  RECYCLES_MAX: integer({
    default: 2,
    min: 1,
    max: 100,
    description: 'Connections of one ingestor that are replaced by fresh ones at a time.',
  }),
  RECYCLE_POLLUTION_PERCENT: integer({
    default: 30,
    min: 1,
    max: 100,
    description:
      'A connection is replaced when so many of the tokens that were ever subscribed on it have left it, but not before RECYCLE_AGE_MS_MIN.',
  }),
  RECYCLE_AGE_MS_MIN: integer({
    default: 300_000,
    min: 0,
    description: 'No connection is replaced for the tokens that left it before it is so old.',
  }),
  RECYCLE_AGE_MS_MAX: integer({
    default: 86_400_000,
    min: 1_000,
    description: 'A connection is replaced when it is so old, or up to a fifth younger: not all at once.',
  }),
  STALL_MS_MIN: integer({
    default: 6_000,
    min: 100,
    max: 600_000,
    description: 'Silence after which the connection of a busy shard is taken to be dead, and replaced.',
  }),
  STALL_MS_MAX: integer({
    default: 60_000,
    min: 100,
    max: 600_000,
    description:
      'The same of a shard where little happens. Where that turns out to be all, it doubles, up to ten times this.',
  }),
  HAND_OVER_MS_MAX: integer({
    default: 30_000,
    min: 0,
    max: 600_000,
    description: 'How long a stop waits for other ingestors to cover the shards; without others it waits for nothing.',
  }),
  ...processSettings,
  STOP_DEADLINE_MS: integer({
    default: 40_000,
    min: 100,
    description:
      'Longest time a stop may take before the process ends all the same: HAND_OVER_MS_MAX, and time to publish the rest.',
  }),
} satisfies ConfigTable;

/** A stop that may take longer than its deadline would be cut off in the hand-over: trades would be lost. */
export const configOrder = [
  ['STALL_MS_MIN', 'STALL_MS_MAX'],
  ['RECYCLE_AGE_MS_MIN', 'RECYCLE_AGE_MS_MAX'],
  ['HAND_OVER_MS_MAX', 'STOP_DEADLINE_MS'],
] as const satisfies ConfigOrder<typeof configTable>;
