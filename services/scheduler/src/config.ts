import { LIVE_VENUE } from '@polytape/polymarket';
import { busSettings, type Config, type ConfigTable, integer, processSettings, url } from '@polytape/service';
import { SHARD_TOKENS_MAX } from '@polytape/types';
import type { JobSchedule } from './jobs/job-runner.ts';
import type { JobName, JobSettings } from './jobs/term-jobs.ts';
import type { PlanLimits } from './plan/shard-planner.ts';

/** A week. A longer interval is a mistake, and a Node timer takes at most 24.8 days. */
const INTERVAL_MS_MAX = 7 * 24 * 60 * 60_000;

/** The scheduler's settings; the README's section is generated from this table. */
export const configTable = {
  POLYMARKET_GAMMA_URL: url({
    default: LIVE_VENUE.gamma,
    protocols: ['https:', 'http:'],
    description: 'Gamma API, the source of the markets.',
  }),
  POLYMARKET_CLOB_URL: url({
    default: LIVE_VENUE.clob,
    protocols: ['https:', 'http:'],
    description: 'CLOB API, the source of prices and order books.',
  }),
  POLYMARKET_DATA_URL: url({
    default: LIVE_VENUE.data,
    protocols: ['https:', 'http:'],
    description: 'Data API, the source of resolutions.',
  }),
  ...busSettings,
  DISCOVERY_INTERVAL_MS: integer({
    default: 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often to look for new markets.',
  }),
  DISCOVERY_SCAN_INTERVAL_MS: integer({
    default: 30 * 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often to read all open markets.',
  }),
  DISCOVERY_SHRINK_PERCENT_MAX: integer({
    default: 20,
    min: 1,
    max: 100,
    description: 'Ignore what a scan lacks when more than this percentage of the known markets is missing from it.',
  }),
  MARKET_FIGURES_INTERVAL_MS: integer({
    default: 6 * 60 * 60_000,
    min: 0,
    description:
      'Publish a new version of a market document for volumes and liquidity alone when the last one is this old.',
  }),
  PRICES_INTERVAL_MS: integer({
    default: 60_000,
    min: 0,
    max: INTERVAL_MS_MAX,
    description: 'How often to read prices. 0 turns it off.',
  }),
  BOOKS_INTERVAL_MS: integer({
    default: 300_000,
    min: 0,
    max: INTERVAL_MS_MAX,
    description: 'How often to read order books. 0 turns it off.',
  }),
  BOOKS_TOKENS_MAX: integer({
    default: 0,
    min: 0,
    description:
      'Tokens whose books one round reads: three quarters the most active ones, the rest in turn. 0 reads all.',
  }),
  RESOLUTIONS_INTERVAL_MS: integer({
    default: 60_000,
    min: 100,
    max: INTERVAL_MS_MAX,
    description: 'How often to look for closed markets and to ask for those that are not settled yet.',
  }),
  SHARD_TOKENS_TARGET: integer({
    default: 400,
    min: 2,
    max: SHARD_TOKENS_MAX,
    description: 'Fill a shard up to this number of tokens. One shard is one WebSocket connection.',
  }),
  SHARD_TOKENS_MAX: integer({
    default: SHARD_TOKENS_MAX,
    min: 2,
    max: SHARD_TOKENS_MAX,
    description: 'Maximum number of tokens in a shard. The places above the target are for newly announced markets.',
  }),
  SHARD_OPEN_AT_TOKENS: integer({
    default: 50,
    min: 2,
    description: 'Open a new shard when this number of tokens waits for a place.',
  }),
  SHARD_OPEN_AFTER_MS: integer({
    default: 30_000,
    min: 0,
    description: 'Open a new shard when a token has waited this long for a place, however few wait.',
  }),
  ...processSettings,
} satisfies ConfigTable;

/** The schedule of each job, and the limits of two of them. */
export function jobSettings(config: Config<typeof configTable>): JobSettings {
  const schedule = (name: JobName, intervalMs: number): JobSchedule => {
    // A slow run is better than none: what it has published stays.
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

/** These run once in each interval of the clock. */
const SNAPSHOTS: ReadonlySet<JobName> = new Set<JobName>(['prices', 'books']);
const TIMEOUT_INTERVALS = 5;
/** A scan of 156,000 markets takes a minute and a half at the pace that Gamma allows, and longer when Gamma throttles. */
const TIMEOUT_MS_MIN = 20 * 60_000;
/** Whatever the interval, no run takes longer. */
const TIMEOUT_MS_MAX = 24 * 60 * 60_000;

/** A warning about settings that contradict each other; null when they agree. */
export function settingsNotice(
  config: Pick<Config<typeof configTable>, 'SHARD_TOKENS_TARGET' | 'SHARD_TOKENS_MAX'>,
): string | null {
  const { SHARD_TOKENS_TARGET: target, SHARD_TOKENS_MAX: max } = config;
  if (target <= max) return null;
  return `SHARD_TOKENS_TARGET (${target}) exceeds SHARD_TOKENS_MAX (${max}). Filling shards to ${max} tokens.`;
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

/** The markets of a full shard. */
const MOVES_MAX = 200;
