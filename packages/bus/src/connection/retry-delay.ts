/**
 * How long to wait before the next attempt: doubles from `firstMs` to `lastMs`, less up to half of it by chance, so
 * that many who failed together do not come back together.
 *
 * @param attempt Attempts that have failed so far, from 1.
 * @param random A number in [0, 1).
 */
export function retryDelayMs(attempt: number, limits: { firstMs: number; lastMs: number }, random: number): number {
  const fullMs = Math.min(limits.lastMs, limits.firstMs * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  return fullMs * (1 - random / 2);
}

/** Beyond this the power is infinite long before it matters. */
const DOUBLINGS_MAX = 30;
