import type { Publisher } from '@polytape/bus';
import { Discovery, type DiscoveryOptions } from '../markets/discovery.ts';
import { Resolutions, type ResolutionsOptions } from '../resolutions/resolutions.ts';
import { BookSnapshots, type BookSnapshotsOptions } from '../snapshots/book-snapshots.ts';
import { PriceSnapshots, type PriceSnapshotsOptions } from '../snapshots/price-snapshots.ts';
import type { JobResult, JobSchedule } from './job-runner.ts';

/** What a leader does again and again; the names stand in metrics and in `polytape status`. */
export const JOB_NAMES = ['discovery', 'discovery-scan', 'prices', 'books', 'resolutions'] as const;
export type JobName = (typeof JOB_NAMES)[number];

type TermJobsOptions = DiscoveryOptions &
  ResolutionsOptions &
  Omit<PriceSnapshotsOptions & BookSnapshotsOptions, 'publisher' | 'intervalMs' | 'termBeganAtMs' | 'tokensMax'> & {
    schedules: Record<JobName, JobSchedule>;
    publishers: { prices: Publisher; books: Publisher };
    /** Tokens whose books are read in one round; 0 reads all. */
    booksTokensMax: number;
  };

/** The work of each job in one term of leading: what it knows of the venue ends with the term. */
export function termJobs(o: TermJobsOptions): {
  discovery: Discovery;
  jobs: Record<JobName, (signal: AbortSignal) => Promise<JobResult>>;
} {
  const { schedules, publishers } = o;
  const termBeganAtMs = Date.now();
  const discovery = new Discovery(o);
  const resolutions = new Resolutions(o);
  const prices = new PriceSnapshots({
    ...{ ...o, publisher: publishers.prices, intervalMs: schedules.prices.intervalMs, termBeganAtMs },
  });
  const books = new BookSnapshots({
    ...{
      ...o,
      publisher: publishers.books,
      intervalMs: schedules.books.intervalMs,
      termBeganAtMs,
      tokensMax: o.booksTokensMax,
    },
  });
  return {
    discovery,
    jobs: {
      discovery: (signal) => discovery.findNewest(signal),
      'discovery-scan': (signal) => discovery.scan(signal),
      prices: (signal) => prices.round(signal),
      books: (signal) => books.round(signal),
      resolutions: (signal) => resolutions.round(signal),
    },
  };
}
