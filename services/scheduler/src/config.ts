import { busSettings, type Config, type ConfigTable, integer, processSettings, url } from '@polytape/service';
import { SHARD_TOKENS_MAX } from '@polytape/types';
import type { PlanLimits } from './shard-planner.ts';

/** The scheduler's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_GAMMA_URL: url({
    default: 'https://gamma-api.polymarket.com',
    protocols: ['https:', 'http:'],
    description: 'Gamma API: where the markets are discovered.',
  }),
  POLYMARKET_CLOB_URL: url({
    default: 'https://clob.polymarket.com',
    protocols: ['https:', 'http:'],
    description: 'CLOB API: asked for the books that a connection does not send.',
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
  SHARD_TOKENS_MAX: integer({
    default: SHARD_TOKENS_MAX,
    min: 2,
    max: SHARD_TOKENS_MAX,
    description:
      'Tokens of a shard at most. The places above the target are for markets that were announced just now and would otherwise wait.',
  }),
  SHARD_OPEN_AT_TOKENS: integer({
    default: 50,
    min: 2,
    description: 'So many tokens without a place open a new shard.',
  }),
  SHARD_OPEN_AFTER_MS: integer({
    default: 30_000,
    min: 0,
    description: 'When a token has waited so long for a place, a new shard is opened all the same.',
  }),
  ...processSettings,
} satisfies ConfigTable;

/** A target above the maximum is the maximum. */
export function planLimits(config: Config<typeof configTable>): PlanLimits {
  return {
    tokensTarget: Math.min(config.SHARD_TOKENS_TARGET, config.SHARD_TOKENS_MAX),
    tokensMax: config.SHARD_TOKENS_MAX,
    openAtTokens: config.SHARD_OPEN_AT_TOKENS,
    openAfterMs: config.SHARD_OPEN_AFTER_MS,
    movesMax: MOVES_MAX,
  };
}

/** A full shard's markets: what a venue that serves less than usual makes us move at once. */
const MOVES_MAX = 200;
