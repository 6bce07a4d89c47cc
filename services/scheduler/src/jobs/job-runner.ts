import { RevisionConflictError } from '@polytape/bus';
import { backoffMs, FailureLog, rest, unlessAborted } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import type { JobStatus } from '@polytape/types';
import { TermOverError } from '../leadership/leader-term.ts';

export type JobSchedule = {
  /** Shown in metrics, the log and `polytape status`: letters and dashes. */
  name: string;
  /** From the start of one run to the start of the next; 0 turns the job off. */
  intervalMs: number;
  /** Whether runs start at multiples of the interval, so that each interval gets one. */
  isOnTheClock: boolean;
  /** A run that takes longer is aborted and counts as failed. */
  timeoutMs: number;
};

export type JobResult = {
  /** Items that the run has read or written; what an item is depends on the job. */
  items: number;
  /** Errors that did not stop the run. */
  errors: number;
  /** See `JobStatus`. */
  oldestAtMs?: number | null;
};

export type JobRunnerOptions = {
  schedule: JobSchedule;
  log: Logger;
  random?: () => number;
  clock?: JobClock;
};

/** `nowMs`: milliseconds since the epoch. `rest` ends early, without an error, when the signal aborts. */
export type JobClock = { nowMs(): number; rest(ms: number, signal: AbortSignal): Promise<void> };

/**
 * Runs one job repeatedly and keeps its statistics.
 *
 * resting -> running -> resting. The first run starts at once. Later runs start one interval after the last one, or with
 * each interval of the clock, plus a random delay so that not every client polls the venue at the full minute. A run that
 * takes longer than its interval is followed by the next one at once; two runs never overlap. After a failure the job
 * rests for a second or two, then twice as long each time, up to a minute. The start and the end of an outage are logged
 * once.
 *
 * A runner lives as long as the process, so that its counts continue from one term to the next. The work belongs to a term.
 */
export class JobRunner {
  readonly #o: Required<JobRunnerOptions>;
  readonly #failures: FailureLog;
  readonly #overruns: FailureLog;
  readonly #status: JobStatus;

  constructor(options: JobRunnerOptions) {
    this.#o = { random: Math.random, clock: SYSTEM_CLOCK, ...options };
    const { name, intervalMs } = options.schedule;
    this.#failures = new FailureLog(options.log);
    this.#overruns = new FailureLog(options.log, { repeatMs: 60 * 60_000 });
    this.#status = { name, intervalMs, ...NEVER_RAN };
  }

  /** The job's state, and its statistics since the process started. */
  status(): JobStatus {
    return { ...this.#status };
  }

  /**
   * Runs until `signal` aborts. An error of the work counts as a failed run and goes no further, so that one job never
   * stops the others. The exceptions end the term: it is over, or somebody else writes the plan.
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
      // The job rests now: an age that only grows would raise a false alarm.
      this.#status.oldestAtMs = null;
    }
  }

  /** @returns Whether the run succeeded. */
  async #runOnce(work: (signal: AbortSignal) => Promise<JobResult>, signal: AbortSignal): Promise<boolean> {
    const { schedule, clock } = this.#o;
    const status = this.#status;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new JobTimeoutError(schedule.timeoutMs)), schedule.timeoutMs);
    const beganAtMs = clock.nowMs();
    status.isRunning = true;
    try {
      // The limit also holds for work that ignores its signal.
      const running = work(AbortSignal.any([signal, limit.signal]));
      const { items, errors, oldestAtMs = null } = await unlessAborted(running, limit.signal);
      Object.assign(status, { items, errors, oldestAtMs, failure: null, lastSuccessAtMs: clock.nowMs() });
      this.#failures.recovered({ job: schedule.name }, `Job ${schedule.name} works again.`);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (endsTerm(error)) throw error;
      status.failures += 1;
      status.failure = errorSentence(error);
      this.#logFailure(error);
      return false;
    } finally {
      clearTimeout(timer);
      status.isRunning = false;
      // A run that was stopped from outside has neither succeeded nor failed.
      if (!signal.aborted) {
        status.runs += 1;
        status.durationMs = Math.max(0, clock.nowMs() - beganAtMs);
        this.#judgePace(status.durationMs);
      }
    }
  }

  /** How long to rest until the next run, with its random delay. */
  #restMs(beganAtMs: number): number {
    const { schedule, clock, random } = this.#o;
    const { intervalMs, isOnTheClock } = schedule;
    const fromMs = isOnTheClock ? Math.floor(beganAtMs / intervalMs) * intervalMs : beganAtMs;
    const nextAtMs = fromMs + intervalMs + random() * JITTER_SHARE * intervalMs;
    // If the clock was set back, the job must not wait for hours.
    return Math.min(Math.max(0, nextAtMs - clock.nowMs()), (1 + JITTER_SHARE) * intervalMs);
  }

  /** Logs a slow run at most once an hour; the status counts all of them. */
  #judgePace(durationMs: number): void {
    const { schedule } = this.#o;
    if (durationMs <= schedule.intervalMs) return;
    this.#status.overruns += 1;
    this.#overruns.failed(
      'slow',
      { job: schedule.name, durationMs, intervalMs: schedule.intervalMs },
      `Job ${schedule.name} took ${seconds(durationMs)} s, longer than its interval of ${seconds(schedule.intervalMs)} s. Its data is delayed.`,
    );
  }

  #logFailure(error: unknown): void {
    const { name } = this.#o.schedule;
    const { disposition, operatorAction } = error as { disposition?: unknown; operatorAction?: string };
    const cause = errorSentence(error);
    const remedy = operatorAction === undefined ? '' : ` ${operatorAction}`;
    // An error without a class of ours is a bug; its stack shows where.
    const isBug = disposition === undefined;
    const needsPerson = isBug || operatorAction !== undefined;
    this.#failures.failed(
      cause,
      { job: name, ...(isBug ? { err: error } : {}) },
      `Job ${name} failed: ${cause}.${remedy} Trying again.`,
      needsPerson ? 'error' : 'warn',
    );
  }
}

/** A run exceeded its timeout. */
class JobTimeoutError extends Error {
  override readonly name = 'JobTimeoutError';
  readonly disposition = 'retry';

  constructor(timeoutMs: number) {
    super(`it did not finish within ${seconds(timeoutMs)} s and was aborted`);
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

const JITTER_SHARE = 0.1;
const BACKOFF = { minMs: 1_000, maxMs: 60_000 };
