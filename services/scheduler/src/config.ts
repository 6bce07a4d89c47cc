import { LIVE_VENUE } from '@polytape/polymarket';
import { busSettings, type Config, type ConfigTable, integer, processSettings, url } from '@polytape/service';
import { SHARD_TOKENS_MAX } from '@polytape/types';
import type { JobSchedule } from './jobs/job-runner.ts';
import type { JobName, JobSettings } from './jobs/term-jobs.ts';
import type { PlanLimits } from './plan/shard-planner.ts';

/** A week: beyond that something else was meant, and a timer takes 24.8 days at most. */
const INTERVAL_MS_MAX = 7 * 24 * 60 * 60_000;

/** The scheduler's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_GAMMA_URL: url({
    default: LIVE_VENUE.gamma,
    protocols: ['https:', 'http:'],
    description: 'Gamma API: where the markets are discovered.',
  }),
  POLYMARKET_CLOB_URL: url({
    default: LIVE_VENUE.clob,
    protocols: ['https:', 'http:'],
    description: 'CLOB API: where prices and order books are read.',
  }),
  POLYMARKET_DATA_URL: url({
    default: LIVE_VENUE.data,
    protocols: ['https:', 'http:'],
    description: 'Data API: where resolutions are read.',
  }),
  ...busSettings,
  DISCOVERY_INTERVAL_MS: integer({
    default: 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often the newest markets are looked for.',
  }),
  DISCOVERY_SCAN_INTERVAL_MS: integer({
    default: 30 * 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often all open markets are read.',
  }),
  DISCOVERY_SHRINK_PERCENT_MAX: integer({
    default: 20,
    min: 1,
    max: 100,
    description: 'When so many per cent of the known markets do not come in a scan, nothing is concluded from it.',
  }),
  MARKET_FIGURES_INTERVAL_MS: integer({
    default: 6 * 60 * 60_000,
    min: 0,
    description: 'How old volumes and liquidity in a market document may become before they alone make a new version.',
  }),
  PRICES_INTERVAL_MS: integer({
    default: 60_000,
    min: 0,
    max: INTERVAL_MS_MAX,
    description: 'How often prices are read; 0 never.',
  }),
  BOOKS_INTERVAL_MS: integer({
    default: 300_000,
    min: 0,
    max: INTERVAL_MS_MAX,
    description: 'How often order books are read; 0 never.',
  }),
  BOOKS_TOKENS_MAX: integer({
    default: 0,
    min: 0,
    description:
      'Tokens whose books are read in one round: most of them the most active, the others in turn. 0 reads all.',
  }),
  RESOLUTIONS_INTERVAL_MS: integer({
    default: 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often closed markets are looked for and those not settled yet are asked for.',
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

/** When each job runs, and what it is limited to. */
export function jobSettings(config: Config<typeof configTable>): JobSettings {
  const schedule = (name: JobName, intervalMs: number): JobSchedule => {
    // A slow round is better than none; what it has published stays.
    const timeoutMs = Math.min(Math.max(TIMEOUT_INTERVALS * intervalMs, TIMEOUT_MS_MIN), TIMEOUT_MS_MAX);
    return { name, intervalMs, timeoutMs, isOnTheClock: SNAPSHOTS.has(name) };
  };
  return {
    schedules: {
      discovery: schedule('discovery', config.DISCOVERY_INTERVAL_MS),
      'discovery-scan': schedule('discovery-scan', config.DISCOVERY_SCAN_INTERVAL_MS),
      prices: schedule('prices', config.PRICES_INTERVAL_MS),
      books: schedule('books', config.BOOKS_INTERVAL_MS),
      resolutions: schedule('resolutions', config.RESOLUTIONS_INTERVAL_MS),
    },
    shrinkPercentMax: config.DISCOVERY_SHRINK_PERCENT_MAX,
    booksTokensMax: config.BOOKS_TOKENS_MAX,
  };
}

/** Each interval gets its own. */
const SNAPSHOTS: ReadonlySet<JobName> = new Set<JobName>(['prices', 'books']);
const TIMEOUT_INTERVALS = 5;
/** A scan of 156,000 markets takes a minute and a half at the pace that Gamma allows, and survives some rests. */
const TIMEOUT_MS_MIN = 20 * 60_000;
/** No round takes so long, whatever its interval. */
const TIMEOUT_MS_MAX = 24 * 60 * 60_000;

/** What an operator should know of the values that were set, in a sentence; null where they fit together. */
export function settingsNotice(
  config: Pick<Config<typeof configTable>, 'SHARD_TOKENS_TARGET' | 'SHARD_TOKENS_MAX'>,
): string | null {
  const { SHARD_TOKENS_TARGET: target, SHARD_TOKENS_MAX: max } = config;
  if (target <= max) return null;
  return `SHARD_TOKENS_TARGET (${target}) is above SHARD_TOKENS_MAX (${max}): shards are filled to ${max} tokens.`;
}

/** A target above the maximum is the maximum; see `settingsNotice`. */
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
