import type { Publisher } from '@polytape/bus';
import type { ClobClient, DataClient, GammaClient } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import { Discovery } from '../markets/discovery.ts';
import type { MarketLog } from '../markets/market-log.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import { Resolutions } from '../resolutions/resolutions.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { BookSnapshots } from '../snapshots/book-snapshots.ts';
import { PriceSnapshots } from '../snapshots/price-snapshots.ts';
import type { JobResult, JobSchedule } from './job-runner.ts';

/** The jobs of a leader, by the names that metrics and `polytape status` show. */
export const JOB_NAMES = ['discovery', 'discovery-scan', 'prices', 'books', 'resolutions'] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** See the settings in `config.ts`. */
export type JobSettings = {
  schedules: Record<JobName, JobSchedule>;
  shrinkPercentMax: number;
  booksTokensMax: number;
};

/** The venue's REST hosts. */
export type Venue = { gamma: GammaClient; clob: ClobClient; data: DataClient };

type TermJobsOptions = {
  settings: JobSettings;
  venue: Venue;
  registry: MarketRegistry;
  marketLog: MarketLog;
  keeper: PlanKeeper;
  publishers: { prices: Publisher; books: Publisher };
  term: LeaderTerm;
  counters: SchedulerCounters;
  log: Logger;
};

/** The work of each job in one term. What the jobs know of the venue ends with the term. */
export function termJobs(o: TermJobsOptions): {
  discovery: Discovery;
  work: Record<JobName, (signal: AbortSignal) => Promise<JobResult>>;
} {
  const { settings, venue, registry, marketLog, keeper, publishers, term, counters, log } = o;
  const { schedules, shrinkPercentMax, booksTokensMax } = settings;
  const { gamma, clob, data } = venue;
  const snapshots = { clob, registry, term, termBeganAtMs: Date.now(), counters, log };
  const discovery = new Discovery({ gamma, registry, marketLog, keeper, shrinkPercentMax, counters, log });
  const resolutions = new Resolutions({ gamma, data, registry, marketLog, keeper, log });
  const prices = new PriceSnapshots({
    ...snapshots,
    publisher: publishers.prices,
    intervalMs: schedules.prices.intervalMs,
  });
  const books = new BookSnapshots({
    ...snapshots,
    publisher: publishers.books,
    intervalMs: schedules.books.intervalMs,
    tokensMax: booksTokensMax,
  });
  return {
    discovery,
    work: {
      discovery: (signal) => discovery.findNewest(signal),
      'discovery-scan': (signal) => discovery.scan(signal),
      prices: (signal) => prices.round(signal),
      books: (signal) => books.round(signal),
      resolutions: (signal) => resolutions.round(signal),
    },
  };
}
