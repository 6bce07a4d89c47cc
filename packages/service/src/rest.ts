import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves when the time is over, after 24.8 days at the latest (a timer takes no more, and would end at once), or the
 * signal aborts, never with an error: whoever rests looks at the signal behind it.
 */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(ms, TIMER_MS_MAX), undefined, { signal }).catch(() => {}); // aborted
}

const TIMER_MS_MAX = 2 ** 31 - 1;
