import { rest } from './rest.ts';

/** Resolves on the change, when the time is over, or when the signal aborts: how a service waits that also looks by a timer. */
export async function changedOrElapsed(changed: Promise<void>, ms: number, signal?: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const over = signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]);
  await Promise.race([changed, rest(ms, over)]);
  timer.abort();
}
