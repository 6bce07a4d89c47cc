import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves after this time (24.8 days at most: a longer timer would fire at once) or when the signal aborts. It never
 * rejects, so callers check the signal afterwards.
 */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(ms, TIMER_MS_MAX), undefined, { signal }).catch(() => {}); // aborted
}

/** Resolves on the change, after this time, or when the signal aborts: for loops that act on changes and on a timer. */
export async function changedOrElapsed(changed: Promise<void>, ms: number, signal?: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const over = signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]);
  await Promise.race([changed, rest(ms, over)]);
  timer.abort();
}

const TIMER_MS_MAX = 2 ** 31 - 1;
