import { busSettings, type ConfigTable, integer, processSettings, url } from '@polytape/service';

/** The ingestor's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_WS_URL: url({
    default: 'wss://ws-subscriptions-clob.polymarket.com/ws/market',
    protocols: ['wss:', 'ws:'],
    description: 'The full address of the market channel.',
  }),
  ...busSettings,
  CONNECT_PACE_MS: integer({
    default: 100,
    min: 0,
    max: 60_000,
    description: 'Pause between two new connections: each causes a burst of books.',
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
  ...processSettings,
} satisfies ConfigTable;
