import type { Publisher } from '@polytape/bus';
import { unlessAborted } from '@polytape/resilience';

/** Resolves when the publisher is not full. A caller that waits for it never holds a whole round in memory. */
export async function roomIn(publisher: Pick<Publisher, 'full' | 'onRoom'>, signal: AbortSignal): Promise<void> {
  if (!publisher.full) return;
  const room = Promise.withResolvers<void>();
  const forget = publisher.onRoom(room.resolve);
  try {
    await unlessAborted(room.promise, signal);
  } finally {
    forget();
  }
}
