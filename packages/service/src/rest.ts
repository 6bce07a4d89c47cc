import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when the time is over or the signal aborts, never with an error: whoever rests looks at the signal behind it. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {}); // aborted
}
