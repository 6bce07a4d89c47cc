import type { Metrics } from '@polytape/service';
import type { JobStatus } from '@polytape/types';

/** Registers the statistics of the jobs, with the job as a label. */
export function registerJobMetrics(metrics: Metrics, jobs: () => JobStatus[]): void {
  const each = (of: (job: JobStatus) => number | null) => () =>
    jobs().flatMap((job): [string, number][] => {
      const value = of(job);
      return value === null ? [] : [[job.name, value]];
    });
  const totals: [name: string, help: string, of: (job: JobStatus) => number][] = [
    ['runs', 'Completed runs.', ({ runs }) => runs],
    ['failures', 'Failed runs.', ({ failures }) => failures],
    ['overruns', 'Runs that took longer than the interval of the job.', ({ overruns }) => overruns],
  ];
  for (const [name, help, of] of totals) {
    metrics.counters(`polytape_scheduler_job_${name}_total`, help, 'job', each(of));
  }
  const gauges: [name: string, help: string, of: (job: JobStatus) => number | null][] = [
    ['items', 'Items read or written in the last successful run.', ({ items }) => items],
    ['errors', 'Errors in the last successful run that did not stop it.', ({ errors }) => errors],
    ['duration_seconds', 'Duration of the last run.', ({ durationMs }) => inSeconds(durationMs)],
    ['last_success_timestamp_seconds', 'When the last successful run ended.', (job) => inSeconds(job.lastSuccessAtMs)],
    [
      'oldest_age_seconds',
      'How long ago the token that waits longest was read, in a job that reads its tokens in turn.',
      ({ oldestAtMs }) => (oldestAtMs === null ? null : (Date.now() - oldestAtMs) / 1_000),
    ],
    ['failing', 'Whether the last run failed: 1 or 0.', ({ failure }) => (failure === null ? 0 : 1)],
  ];
  for (const [name, help, of] of gauges) metrics.gauges(`polytape_scheduler_job_${name}`, help, 'job', each(of));
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
