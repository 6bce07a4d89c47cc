import { setTimeout as delay } from 'node:timers/promises';

/** Resolves on the change, when the time is over, or when the signal aborts. */
export async function changedOrElapsed(changed: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    changed,
    delay(ms, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => {}),
  ]);
  timer.abort();
}
