import { setTimeout as delay } from 'node:timers/promises';
import type { RecorderUnderLoad } from './recorder-under-load.ts';

/** Resolves when the database holds at least this number of trades and grows no more, or when it has not grown for ten seconds. */
export async function untilStored(recorder: RecorderUnderLoad, trades: number): Promise<void> {
  let most = -1;
  let grewAtMs = performance.now();
  for (;;) {
    const stored = await recorder.stored();
    if (stored > most) [most, grewAtMs] = [stored, performance.now()];
    const stillMs = performance.now() - grewAtMs;
    if (stillMs > STILLNESS_MS || (stored >= trades && stillMs > SETTLED_MS)) return;
    await delay(LOOK_INTERVAL_MS);
  }
}

/** Whoever stores trades twice is not done when the number is right. */
const SETTLED_MS = 1_000;
const STILLNESS_MS = 10_000;
const LOOK_INTERVAL_MS = 200;
