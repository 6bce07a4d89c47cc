import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a loss of power makes of what a stream's newest block has got since its last sync. */
export type PowerLoss = 'tail cut off' | 'tail full of zeros' | 'message torn' | 'block gone';
export const POWER_LOSSES: readonly PowerLoss[] = ['tail cut off', 'tail full of zeros', 'message torn'];

/**
 * Kills a nats-server and damages the newest block of a stream as a loss of power may: what stood in the file two sync intervals
 * before the end is on the disk, and what came later is not. `block gone` removes the whole block, which is true to life only when it
 * is that young.
 *
 * @param o.folder Of the stream's blocks.
 * @param o.kill Resolves when the process is gone.
 * @returns The bytes that were lost.
 */
export async function losePower(o: { folder: string; kill: () => Promise<void>; how: PowerLoss }): Promise<number> {
  const block = join(o.folder, await newestBlock(o.folder));
  const sizes: { atMs: number; bytes: number }[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < SYNCED_WITHIN_MS + 50) {
    sizes.push({ atMs: performance.now(), bytes: (await stat(block)).size });
    await delay(5);
  }
  await o.kill();
  const endMs = performance.now();
  const { size } = await stat(block);
  const synced = sizes.findLast(({ atMs }) => atMs < endMs - SYNCED_WITHIN_MS)?.bytes ?? 0;
  await damage(block, { how: o.how, synced, size });
  return o.how === 'block gone' ? size : size - synced;
}

async function damage(block: string, o: { how: PowerLoss; synced: number; size: number }): Promise<void> {
  if (o.how === 'block gone') return await rm(block);
  if (o.how === 'tail full of zeros') {
    await using file = await open(block, 'r+');
    await file.write(Buffer.alloc(o.size - o.synced), 0, o.size - o.synced, o.synced);
    return;
  }
  await truncate(block, o.how === 'tail cut off' ? o.synced : Math.min(o.synced + TORN_BYTES, o.size));
}

async function newestBlock(folder: string): Promise<string> {
  const blocks = (await readdir(folder)).filter((name) => name.endsWith('.blk'));
  const [newest] = blocks.sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  if (newest === undefined) throw new Error(`no block in ${folder}`);
  return newest;
}

/** Twice the sync interval. */
const SYNCED_WITHIN_MS = 200;
/** Of a message that is longer. */
const TORN_BYTES = 100;
