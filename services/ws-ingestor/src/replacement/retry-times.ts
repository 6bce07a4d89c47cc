import { backoffMs } from '@polytape/polymarket';
import type { RecycleReason } from './recycle-reason.ts';

/**
 * When a replacement that failed may be tried again: each reason waits for itself, so that a connection that has stalled
 * does not wait because it could not be replaced for its age. The wait doubles from `minMs` on, with chance in it.
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

  /** `maxMs`: the longest wait. @returns How long it is. */
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

  /** Another shard has just had what this one waits for: what kept it from it may be over. */
  tryAgain(reason: RecycleReason): void {
    const failed = this.#failures.get(reason);
    if (failed !== undefined) failed.untilMs = 0;
  }

  succeeded(): void {
    this.#failures.clear();
  }
}
