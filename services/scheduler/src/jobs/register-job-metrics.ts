import type { Metrics } from '@polytape/service';
import type { JobStatus } from '@polytape/types';
import type { SchedulerCounters } from '../scheduler-counters.ts';

/** The names under which Prometheus reads how the jobs went, with the job as a label, and what they published. */
export function registerJobMetrics(
  metrics: Metrics,
  { jobs, counters }: { jobs: () => JobStatus[]; counters: SchedulerCounters },
): void {
  const each = (of: (job: JobStatus) => number | null) => () =>
    jobs().flatMap((job): [string, number][] => {
      const value = of(job);
      return value === null ? [] : [[job.name, value]];
    });
  const totals: [string, string, (job: JobStatus) => number][] = [
    ['runs', 'Runs that ended.', ({ runs }) => runs],
    ['failures', 'Runs that failed.', ({ failures }) => failures],
    ['overruns', 'Runs that took longer than the interval of the job.', ({ overruns }) => overruns],
  ];
  for (const [name, help, of] of totals) metrics.counters(`scheduler_job_${name}_total`, help, 'job', each(of));
  const gauges: [string, string, (job: JobStatus) => number | null][] = [
    ['items', 'What the last run that worked has read or written.', ({ items }) => items],
    ['errors', 'What went wrong in it without stopping it.', ({ errors }) => errors],
    ['duration_seconds', 'How long the last run took.', ({ durationMs }) => inSeconds(durationMs)],
    [
      'last_success_timestamp_seconds',
      'When a run last ended that worked.',
      ({ lastSuccessAtMs }) => inSeconds(lastSuccessAtMs),
    ],
    [
      'oldest_age_seconds',
      'Of a job that takes its tokens in turn: how long the one waits that was not read for longest.',
      ({ oldestAtMs }) => (oldestAtMs === null ? null : (Date.now() - oldestAtMs) / 1_000),
    ],
    ['failing', 'Whether the last run failed: 1 or 0.', ({ failure }) => (failure === null ? 0 : 1)],
  ];
  for (const [name, help, of] of gauges) metrics.gauges(`scheduler_job_${name}`, help, 'job', each(of));

  const published: [string, string, () => number][] = [
    ['resolution_steps', "Steps of markets' resolutions published.", () => counters.resolutionSteps],
    ['prices_published', 'Price snapshots published.', () => counters.pricesPublished],
    ['prices_unknown', 'Tokens asked for that the venue knows no price of.', () => counters.quotesUnknown],
    ['books_published', 'Book snapshots published.', () => counters.booksPublished],
    ['books_unknown', 'Tokens asked for that the venue has no book of.', () => counters.booksUnknown],
    ['book_hash_differences', 'Books whose hash is not that of what came.', () => counters.bookHashDifferences],
  ];
  for (const [name, help, read] of published) metrics.counter(`scheduler_${name}_total`, help, read);
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
