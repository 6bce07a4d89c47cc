import { RevisionConflictError } from '@polytape/bus';
import { backoffMs } from '@polytape/polymarket';
import { errorSentence, type Logger, rest } from '@polytape/service';
import { type JobStatus, OutageNotice } from '@polytape/types';
import { TermOverError } from '../leadership/leader-term.ts';
import { unlessAborted } from '../unless-aborted.ts';

export type JobSchedule = {
  /** In metrics, the log and `polytape status`: letters and dashes. */
  name: string;
  /** From the beginning of a run to that of the next; 0 switches the job off. */
  intervalMs: number;
  /** Whether a run begins with each interval of the clock, so that each gets one. */
  isOnTheClock: boolean;
  /** A run that takes longer is given up, and counts as failed. */
  timeoutMs: number;
};

export type JobResult = {
  /** What the run has read or written, whatever the job counts. */
  items: number;
  /** What went wrong without stopping the run. */
  errors: number;
  /** As of `JobStatus`. */
  oldestAtMs?: number | null;
};

export type JobRunnerOptions = {
  schedule: JobSchedule;
  log: Logger;
  random?: () => number;
  clock?: JobClock;
};

/** Milliseconds since the epoch, and a rest that ends early, without an error, when the signal aborts. */
export type JobClock = { nowMs(): number; rest(ms: number, signal: AbortSignal): Promise<void> };

/**
 * Runs one job again and again, and remembers how it went.
 *
 * resting -> running -> resting; the first run begins at once, later ones an interval after the one before or with each
 * interval of the clock, a little late by chance so that not all that poll a venue do so on the stroke of the minute. A run
 * that takes longer than its interval is followed by the next one at once, never joined by it. After a failure the job
 * rests a second or two, then twice as long each time, up to a minute: an outage is said once, and so is its end.
 *
 * It lives as long as the process, so that its counts go on from one term of leading to the next; the work belongs to a
 * term.
 */
export class JobRunner {
  readonly #o: Required<JobRunnerOptions>;
  readonly #outage = new OutageNotice();
  readonly #status: JobStatus;
  /** When a run that took too long was said last. */
  #saidSlowAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: JobRunnerOptions) {
    this.#o = { random: Math.random, clock: SYSTEM_CLOCK, ...options };
    const { name, intervalMs } = options.schedule;
    this.#status = { name, intervalMs, ...NEVER_RAN };
  }

  /** How it goes, and how it went since the process started. */
  status(): JobStatus {
    return { ...this.#status };
  }

  /**
   * Runs until `signal` aborts. What the work throws is its failure and no more, so that one job never stops the others;
   * except that the term is over or that somebody else writes the plan, for then nothing of this term may go on.
   *
   * @throws {TermOverError | RevisionConflictError}
   */
  async run(work: (signal: AbortSignal) => Promise<JobResult>, signal: AbortSignal): Promise<void> {
    const { schedule, clock, random } = this.#o;
    if (schedule.intervalMs === 0) return;
    try {
      for (let failures = 0; !signal.aborted; ) {
        const beganAtMs = clock.nowMs();
        const hasWorked = await this.#runOnce(work, signal);
        if (signal.aborted) return;
        failures = hasWorked ? 0 : failures + 1;
        const restMs = hasWorked ? this.#restMs(beganAtMs) : backoffMs({ ...BACKOFF, failures, random: random() });
        await clock.rest(restMs, signal);
      }
    } finally {
      // Another scheduler leads now and knows better; an age that only grows would be an alarm about nothing.
      this.#status.oldestAtMs = null;
    }
  }

  /** @returns Whether it worked. */
  async #runOnce(work: (signal: AbortSignal) => Promise<JobResult>, signal: AbortSignal): Promise<boolean> {
    const { schedule, clock, log } = this.#o;
    const status = this.#status;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new JobTimeoutError(schedule.timeoutMs)), schedule.timeoutMs);
    const beganAtMs = clock.nowMs();
    status.isRunning = true;
    try {
      // Also where the work does not notice that it is to end: nothing else may hold the job.
      const running = work(AbortSignal.any([signal, limit.signal]));
      const { items, errors, oldestAtMs = null } = await unlessAborted(running, limit.signal);
      Object.assign(status, { items, errors, oldestAtMs, failure: null, lastSuccessAtMs: clock.nowMs() });
      if (this.#outage.recovered()) log.info({ job: schedule.name }, `The job ${schedule.name} works again.`);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (endsTerm(error)) throw error;
      status.failures += 1;
      status.failure = errorSentence(error);
      this.#tell(error);
      return false;
    } finally {
      clearTimeout(timer);
      status.isRunning = false;
      // A run that was stopped from outside has neither worked nor failed.
      if (!signal.aborted) {
        status.runs += 1;
        status.durationMs = Math.max(0, clock.nowMs() - beganAtMs);
        this.#judgePace(status.durationMs);
      }
    }
  }

  /** Until the next run is due, and a little longer. */
  #restMs(beganAtMs: number): number {
    const { schedule, clock, random } = this.#o;
    const { intervalMs, isOnTheClock } = schedule;
    const fromMs = isOnTheClock ? Math.floor(beganAtMs / intervalMs) * intervalMs : beganAtMs;
    const nextAtMs = fromMs + intervalMs + random() * JITTER_SHARE * intervalMs;
    // A clock that was set back must not keep the job waiting for hours.
    return Math.min(Math.max(0, nextAtMs - clock.nowMs()), (1 + JITTER_SHARE) * intervalMs);
  }

  /** A venue that is slow now and then would be told of at each turn; the status counts them all. */
  #judgePace(durationMs: number): void {
    const { schedule, log } = this.#o;
    if (durationMs <= schedule.intervalMs) return;
    this.#status.overruns += 1;
    const nowMs = performance.now();
    if (nowMs - this.#saidSlowAtMs < SAY_SLOW_AGAIN_AFTER_MS) return;
    this.#saidSlowAtMs = nowMs;
    log.warn(
      { job: schedule.name, durationMs, intervalMs: schedule.intervalMs },
      `A run of the job ${schedule.name} took ${seconds(durationMs)} s, longer than its interval of ${seconds(schedule.intervalMs)} s: its figures come late.`,
    );
  }

  #tell(error: unknown): void {
    const { schedule, log } = this.#o;
    const { disposition, operatorAction } = error as { disposition?: unknown; operatorAction?: string };
    const { say, unsaid } = this.#outage.failed(errorSentence(error), performance.now());
    const remedy = operatorAction === undefined ? '' : ` ${operatorAction}`;
    // An error that no class of ours describes is a bug, and somebody has to see where.
    const isBug = disposition === undefined;
    const needsPerson = isBug || operatorAction !== undefined;
    const level = !say ? 'debug' : needsPerson ? 'error' : 'warn';
    log[level](
      { job: schedule.name, unsaid, ...(isBug ? { err: error } : {}) },
      `The job ${schedule.name} failed: ${errorSentence(error)}.${remedy} Trying again until it works.`,
    );
  }
}

/** A run took longer than it may. */
class JobTimeoutError extends Error {
  override readonly name = 'JobTimeoutError';
  readonly disposition = 'retry';

  constructor(timeoutMs: number) {
    super(`it was not done after ${seconds(timeoutMs)} s, and was given up`);
  }
}

function endsTerm(error: unknown): boolean {
  return error instanceof TermOverError || error instanceof RevisionConflictError;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

const SYSTEM_CLOCK: JobClock = { nowMs: () => Date.now(), rest };

const NEVER_RAN = {
  isRunning: false,
  runs: 0,
  failures: 0,
  overruns: 0,
  items: 0,
  errors: 0,
  durationMs: null,
  lastSuccessAtMs: null,
  oldestAtMs: null,
  failure: null,
} satisfies Partial<JobStatus>;

const SAY_SLOW_AGAIN_AFTER_MS = 60 * 60_000;
const JITTER_SHARE = 0.1;
const BACKOFF = { minMs: 1_000, maxMs: 60_000 };
