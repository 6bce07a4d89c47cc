import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves when the time is over, after 24.8 days at the latest (a timer takes no more, and would end at once), or the
 * signal aborts, never with an error: whoever rests looks at the signal behind it.
 */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(ms, TIMER_MS_MAX), undefined, { signal }).catch(() => {}); // aborted
}

/** Resolves on the change, when the time is over, or when the signal aborts: how a service waits that also looks by a timer. */
export async function changedOrElapsed(changed: Promise<void>, ms: number, signal?: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const over = signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]);
  await Promise.race([changed, rest(ms, over)]);
  timer.abort();
}

const TIMER_MS_MAX = 2 ** 31 - 1;
