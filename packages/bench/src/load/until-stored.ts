import { setTimeout as delay } from 'node:timers/promises';
import type { RecorderUnderLoad } from './recorder-under-load.ts';

/** Resolves when the database holds this number of trades, or when it has not grown for ten seconds. */
export async function untilStored(recorder: RecorderUnderLoad, trades: number): Promise<void> {
  let most = -1;
  let grewAtMs = performance.now();
  while (performance.now() - grewAtMs < STILLNESS_MS) {
    const stored = await recorder.stored();
    if (stored >= trades) return;
    if (stored > most) [most, grewAtMs] = [stored, performance.now()];
    await delay(LOOK_INTERVAL_MS);
  }
}

const STILLNESS_MS = 10_000;
const LOOK_INTERVAL_MS = 200;
