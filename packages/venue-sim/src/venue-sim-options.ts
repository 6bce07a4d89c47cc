import { type ChannelLimits, limitsProblem } from './channel/channel-limits.ts';
import type { Burst } from './exchange/trading-clock.ts';
import { VenueSimOptionError } from './venue-sim-errors.ts';

/** How the simulated venue is to be; everything has a default. */
export type VenueSimOptions = {
  /** Names the venue: the same seed has the same markets, books and sequence of orders. */
  seed?: string | number;
  /** Address to listen on; loopback unless told otherwise. */
  host?: string;
  /** 0 picks a free one. */
  port?: number;
  /** Open markets at the start. */
  markets?: number;
  /** Share of markets in the newer position system (`version: "v2"`). */
  shareOfV2?: number;
  /** Documents in Gamma's listing that a recorder must skip. */
  oddMarkets?: number;
  /** Mean over the venue; 0 is a silent one. */
  tradesPerSecond?: number;
  /** Bursts of several times the mean; null for a steady rate. The mean stays. */
  burst?: Burst | null;
  /** Market makers' actions for each trade; 12 makes about 90 % of the events price changes. */
  quotesPerTrade?: number;
  /** Share of taker's orders whose fills look exactly the same. */
  identicalShare?: number;
  openPerMinute?: number;
  closePerMinute?: number;
  /** Trade only in tokens whose book somebody was sent. */
  tradeOnlySubscribed?: boolean;
  /** File for the truth ledger, JSON lines; started anew. */
  ledgerPath?: string | null;
  /** Begin trading at once. */
  trading?: boolean;
  /** Path of the market channel. */
  wsPath?: string;
  /** Sockets without a PING for this long are closed. */
  pingTimeoutMs?: number;
  /** Sockets with more bytes waiting are closed. */
  bufferedBytesMax?: number;
  /** How far the Data API is behind. */
  dataLagMs?: number;
  /** How old the moving figures in Gamma's documents get: volumes, liquidity, best and last prices. */
  gammaFiguresAgeMs?: number;
  /** Share of Gamma's documents with lists that are no JSON text, names in snake_case, or both. */
  oddSpellingShare?: number;
  /** How markets that close by themselves come to their end: at once, or most of them by proposals and disputes. */
  resolutions?: 'automatic' | 'uma';
  /** Mean time between the steps of the latter. */
  resolutionStepMs?: number;
  /** Tokens beyond these on one socket get no book and no event, silently; null serves all. */
  booksPerSocketMax?: ChannelLimits['booksPerSocketMax'];
  /** Whether an unsubscribed token's place can be had by another on the same socket. */
  freesUnsubscribed?: ChannelLimits['freesUnsubscribed'];
  /** Wall clock, milliseconds since the epoch. */
  clock?: () => number;
};

/** The same with every default filled in. */
export type ResolvedOptions = Omit<Required<VenueSimOptions>, 'seed'> & { seed: string };

/** @throws {VenueSimOptionError} An option is out of its range. */
export function resolveOptions(options: VenueSimOptions): ResolvedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...defaults, ...given } as ResolvedOptions;
  resolved.seed = String(resolved.seed);
  for (const [name, min, max] of RANGES) {
    const value = resolved[name];
    if (!(value >= min && value <= max)) {
      throw new VenueSimOptionError(`${name} must be ${min} to ${max}, got ${String(value)}`);
    }
  }
  for (const name of ['port', 'markets', 'oddMarkets'] as const) {
    if (!Number.isInteger(resolved[name])) throw new VenueSimOptionError(`${name} must be a whole number`);
  }
  if (resolved.resolutions !== 'automatic' && resolved.resolutions !== 'uma') {
    throw new VenueSimOptionError("resolutions must be 'automatic' or 'uma'");
  }
  const { burst } = resolved;
  if (burst !== null && !(burst.factor >= 1 && burst.lengthMs > 0 && burst.everyMs > burst.lengthMs)) {
    throw new VenueSimOptionError('a burst needs a factor of at least 1 and must be shorter than its period');
  }
  const limits = limitsProblem(resolved);
  if (limits !== null) throw new VenueSimOptionError(limits);
  if (!resolved.wsPath.startsWith('/')) throw new VenueSimOptionError('wsPath must begin with a slash');
  return resolved;
}

/** What a venue is like when nothing is said. */
export const defaults = {
  seed: 'polytape',
  host: '127.0.0.1',
  port: 0,
  markets: 200,
  shareOfV2: 0.25,
  oddMarkets: 7,
  tradesPerSecond: 50,
  burst: { factor: 4, everyMs: 20_000, lengthMs: 1_000 },
  quotesPerTrade: 12,
  identicalShare: 0.03,
  openPerMinute: 4,
  closePerMinute: 4,
  tradeOnlySubscribed: false,
  ledgerPath: null,
  trading: true,
  wsPath: '/ws/market',
  pingTimeoutMs: 60_000,
  bufferedBytesMax: 64 * 1024 * 1024,
  dataLagMs: 3_000,
  gammaFiguresAgeMs: 60_000,
  oddSpellingShare: 0.06,
  resolutions: 'automatic' as 'automatic' | 'uma',
  resolutionStepMs: 5_000,
  booksPerSocketMax: null,
  freesUnsubscribed: true,
  clock: Date.now,
} satisfies VenueSimOptions;

type NumberOption = {
  [Name in keyof ResolvedOptions]: ResolvedOptions[Name] extends number ? Name : never;
}[keyof ResolvedOptions];

const RANGES: [NumberOption, number, number][] = [
  ['port', 0, 65_535],
  ['markets', 1, 200_000],
  ['shareOfV2', 0, 1],
  ['oddMarkets', 0, 1_000],
  ['tradesPerSecond', 0, 100_000],
  ['quotesPerTrade', 0, 1_000],
  ['identicalShare', 0, 1],
  ['openPerMinute', 0, 100_000],
  ['closePerMinute', 0, 100_000],
  ['pingTimeoutMs', 10, 86_400_000],
  ['bufferedBytesMax', 1, 1024 ** 3],
  ['dataLagMs', 0, 86_400_000],
  ['gammaFiguresAgeMs', 0, 86_400_000],
  ['oddSpellingShare', 0, 1],
  ['resolutionStepMs', 1, 86_400_000],
];
