import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. @throws The signal's own reason, which Node's sleep would wrap into an AbortError. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
