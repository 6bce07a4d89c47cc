import { backoffMs } from '@polytape/resilience';
import type { RecycleReason } from './recycle-reason.ts';

/**
 * When a failed replacement may be tried again. Each reason has its own wait, so that a stalled connection does not wait
 * because it could not be replaced for its age. The wait starts at `minMs` and doubles, with jitter.
 */
export class RetryTimes {
  readonly #failures = new Map<RecycleReason, { failures: number; untilMs: number }>();
  readonly #minMs: number;

  constructor(o: { minMs: number }) {
    this.#minMs = o.minMs;
  }

  mayTry(reason: RecycleReason, nowMs: number): boolean {
    return reason === 'operator' || nowMs >= (this.#failures.get(reason)?.untilMs ?? 0);
  }

  /** @param o.maxMs The longest wait. @returns The wait. */
  failed(reason: RecycleReason, o: { nowMs: number; maxMs: number; random: number }): number {
    const failures = (this.#failures.get(reason)?.failures ?? 0) + 1;
    const minMs = Math.min(this.#minMs, o.maxMs);
    const waitMs = backoffMs({ failures, minMs, maxMs: o.maxMs, random: o.random });
    this.#failures.set(reason, { failures, untilMs: o.nowMs + waitMs });
    return waitMs;
  }

  hasFailed(reason: RecycleReason): boolean {
    return this.#failures.has(reason);
  }

  /** Ends the wait: another shard's replacement for this reason has just succeeded. */
  tryAgain(reason: RecycleReason): void {
    const failed = this.#failures.get(reason);
    if (failed !== undefined) failed.untilMs = 0;
  }

  succeeded(): void {
    this.#failures.clear();
  }
}
