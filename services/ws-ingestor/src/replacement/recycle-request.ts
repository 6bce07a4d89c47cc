import type { RecycleRequest } from '@polytape/types';

/** The shard that a `RecycleRequest` names. @throws {RangeError} It names none; the words are for whoever asked. */
export function recycledShard(request: unknown): number {
  const { shard } = (request ?? {}) as Partial<RecycleRequest>;
  if (typeof shard !== 'number' || !Number.isSafeInteger(shard) || shard < 0) {
    throw new RangeError('a shard is named by a whole number from 0');
  }
  return shard;
}
