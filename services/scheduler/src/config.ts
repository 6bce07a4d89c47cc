import { busSettings, type ConfigTable, integer, processSettings, url } from '@polytape/service';
import { SHARD_TOKENS_MAX } from '@polytape/types';

/** The scheduler's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_GAMMA_URL: url({
    default: 'https://gamma-api.polymarket.com',
    protocols: ['https:', 'http:'],
    description: 'Gamma API: where the markets are discovered.',
  }),
  ...busSettings,
  DISCOVERY_INTERVAL_MS: integer({
    default: 60_000,
    min: 100,
    description: 'Pause between two scans of the open markets.',
  }),
  SHARD_TOKENS_TARGET: integer({
    default: 400,
    min: 2,
    max: SHARD_TOKENS_MAX,
    description: 'Tokens a shard is filled to; one shard is one WebSocket connection.',
  }),
  ...processSettings,
} satisfies ConfigTable;
