/**
 * Receive time in microseconds since the epoch. It counts on the monotonic clock, so that intervals are true and finer
 * than a millisecond, from the wall clock's reading when the process began.
 *
 * The monotonic clock stands still while a machine sleeps, and it does not follow when the wall clock is set. So
 * `check` compares the two now and then, and starts again from the wall clock when they have come apart.
 */
export class ReceiveClock {
  readonly #monotonicMs: () => number;
  readonly #wallMs: () => number;
  #offsetMs = 0;

  /** Both sources in milliseconds since the epoch. */
  constructor(sources: { monotonicMs: () => number; wallMs: () => number } = MACHINE) {
    this.#monotonicMs = sources.monotonicMs;
    this.#wallMs = sources.wallMs;
    this.check();
  }

  nowUs(): number {
    return Math.round((this.#monotonicMs() + this.#offsetMs) * 1_000);
  }

  /** Follows the wall clock if it is further away than `DRIFT_MS_MAX`. Returns by how many milliseconds, else 0. */
  check(): number {
    const driftMs = this.#wallMs() - (this.#monotonicMs() + this.#offsetMs);
    if (Math.abs(driftMs) <= DRIFT_MS_MAX) return 0;
    this.#offsetMs += driftMs;
    return Math.round(driftMs);
  }
}

const MACHINE = { monotonicMs: () => performance.timeOrigin + performance.now(), wallMs: () => Date.now() };

const DRIFT_MS_MAX = 100;
