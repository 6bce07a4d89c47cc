import { type ChannelLimits, limitsProblem } from './channel/channel-limits.ts';
import type { Burst } from './exchange/trading-clock.ts';
import { VenueSimOptionError } from './venue-sim-errors.ts';

/** Options of the simulated venue; all have defaults. */
export type VenueSimOptions = {
  /** Identifies the venue: the same seed gives the same markets, books and sequence of orders. */
  seed?: string | number;
  /** Address to listen on; default loopback. */
  host?: string;
  /** 0 picks a free one. */
  port?: number;
  /** Open markets at the start. */
  markets?: number;
  /** Share of markets in the newer position system (`version: "v2"`). */
  shareOfV2?: number;
  /** Documents in Gamma's listing that a recorder must skip. */
  oddMarkets?: number;
  /** Mean rate; 0 disables trading. */
  tradesPerSecond?: number;
  /** Further trades that leave books, prices and the Data API alone, and therefore cost little; the mean rate. */
  loadTradesPerSecond?: number;
  /** Further `price_change` and `book` frames, prepared once and repeated with other timestamps; a steady rate. */
  loadEventsPerSecond?: number;
  /** Bursts above the mean rate; null for a steady rate. */
  burst?: Burst | null;
  /** Market makers' actions per trade; with 12, about 90 % of the events are price changes. */
  quotesPerTrade?: number;
  /** Share of taker's orders whose fills are indistinguishable. */
  identicalShare?: number;
  openPerMinute?: number;
  closePerMinute?: number;
  /** Trade only in tokens whose book was sent to a socket that is still open. */
  tradeOnlySubscribed?: boolean;
  /** File for the truth ledger (JSON lines), which is truncated. */
  ledgerPath?: string | null;
  /** Whether trading begins at once. */
  trading?: boolean;
  /** Path of the market channel. */
  wsPath?: string;
  /** Sockets without a PING for this long are closed. */
  pingTimeoutMs?: number;
  /** Sockets with more unread bytes are closed. */
  bufferedBytesMax?: number;
  /** Delay of the Data API. */
  dataLagMs?: number;
  /** Gamma lists a new market up to this late; each market has its own share of it. */
  gammaLagMs?: number;
  /** Maximum age of volumes, liquidity, best and last prices in Gamma's documents. */
  gammaFiguresAgeMs?: number;
  /** Share of Gamma's documents with native lists, snake_case names, or both. */
  oddSpellingShare?: number;
  /** How markets end by themselves: at once, or mostly by proposals and disputes. */
  resolutions?: 'automatic' | 'uma';
  /** Mean time between the steps of `uma` resolutions. */
  resolutionStepMs?: number;
  /** Further tokens of a socket silently get no book and no event; null serves all. */
  booksPerSocketMax?: ChannelLimits['booksPerSocketMax'];
  /** Whether unsubscribing a token frees its place for another on the same socket. */
  freesUnsubscribed?: ChannelLimits['freesUnsubscribed'];
  /** Wall clock, milliseconds since the epoch. */
  clock?: () => number;
};

/** All options, with defaults filled in. */
export type ResolvedOptions = Omit<Required<VenueSimOptions>, 'seed'> & { seed: string };

/** @throws {VenueSimOptionError} An option is out of range. */
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

/** Default options. */
export const defaults = {
  seed: 'polytape',
  host: '127.0.0.1',
  port: 0,
  markets: 200,
  shareOfV2: 0.25,
  oddMarkets: 7,
  tradesPerSecond: 50,
  loadTradesPerSecond: 0,
  loadEventsPerSecond: 0,
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
  gammaLagMs: 0,
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
  ['loadTradesPerSecond', 0, 200_000],
  ['loadEventsPerSecond', 0, 1_000_000],
  ['quotesPerTrade', 0, 1_000],
  ['identicalShare', 0, 1],
  ['openPerMinute', 0, 100_000],
  ['closePerMinute', 0, 100_000],
  ['pingTimeoutMs', 10, 86_400_000],
  ['bufferedBytesMax', 1, 1024 ** 3],
  ['dataLagMs', 0, 86_400_000],
  ['gammaLagMs', 0, 86_400_000],
  ['gammaFiguresAgeMs', 0, 86_400_000],
  ['oddSpellingShare', 0, 1],
  ['resolutionStepMs', 1, 86_400_000],
];
