/**
 * How long to wait before the next attempt. The delay doubles from `firstMs` to `lastMs`, minus a random part of up to
 * half of it, so that clients that failed together do not return together.
 *
 * @param attempt Attempts that have failed so far, from 1.
 * @param random A number in [0, 1).
 */
export function retryDelayMs(attempt: number, limits: { firstMs: number; lastMs: number }, random: number): number {
  const fullMs = Math.min(limits.lastMs, limits.firstMs * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  return fullMs * (1 - random / 2);
}

/** Keeps the power finite. */
const DOUBLINGS_MAX = 30;
