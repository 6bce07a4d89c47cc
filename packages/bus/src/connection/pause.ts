import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. @throws The signal's reason (Node's own sleep throws an AbortError around it). */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
