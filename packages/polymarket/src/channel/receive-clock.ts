/**
 * Receive time in microseconds since the epoch. It starts at the wall clock's time when the process began and advances with
 * the monotonic clock, so that intervals are exact and finer than a millisecond.
 *
 * The monotonic clock stops while the machine sleeps, and does not follow when the wall clock is set. So `check` compares
 * the two from time to time, and resynchronises when they have diverged.
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

  /** Resynchronises with the wall clock if it differs by more than `DRIFT_MS_MAX`. @returns By how much, else 0. */
  check(): number {
    const driftMs = this.#wallMs() - (this.#monotonicMs() + this.#offsetMs);
    if (Math.abs(driftMs) <= DRIFT_MS_MAX) return 0;
    this.#offsetMs += driftMs;
    return Math.round(driftMs);
  }
}

const { timeOrigin } = performance; // asking for it costs 20 ns, and the clock is read for each frame
const MACHINE = { monotonicMs: () => timeOrigin + performance.now(), wallMs: () => Date.now() };

const DRIFT_MS_MAX = 100;
