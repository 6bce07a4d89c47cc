import { MISSING_TOKENS_MAX } from '@polytape/types';

/**
 * What of the missing tokens is told, by shard: some of each shard, and some of all together, for the key in which they
 * stand must fit a message, or the others would take this ingestor for dead. Where they are too many, each round begins
 * with another shard, so that those that stay missing do not hide others for ever.
 */
export function toldMissing(
  missing: ReadonlyMap<number, readonly string[]>,
  o: { round: number; tokensMax?: number },
): Map<number, string[]> {
  const shards = [...missing].filter(([, tokenIds]) => tokenIds.length > 0);
  const first = shards.length === 0 ? 0 : o.round % shards.length;
  const told = new Map<number, string[]>();
  let room = o.tokensMax ?? TOLD_TOKENS_MAX;
  for (const [shard, tokenIds] of [...shards.slice(first), ...shards.slice(0, first)]) {
    const some = tokenIds.slice(0, Math.min(MISSING_TOKENS_MAX, room));
    if (some.length > 0) told.set(shard, some);
    room -= some.length;
  }
  return told;
}

/** Of 78 digits each: 400 kB, where a message may have 1 MiB. */
const TOLD_TOKENS_MAX = 5_000;
