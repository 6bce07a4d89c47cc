import { MISSING_TOKENS_MAX, type ShardService } from '@polytape/types';

/**
 * The missing tokens to report in the ingestor's key, by shard: a bounded number per shard and in total, because with a key
 * that does not fit a message this ingestor would seem dead to the others. If there are too many, each round starts with
 * another shard, so that tokens that stay missing do not hide others forever.
 */
export function reportedMissing(
  missing: ReadonlyMap<number, readonly string[]>,
  o: { round: number; tokensMax?: number },
): Map<number, string[]> {
  const shards = [...missing].filter(([, tokenIds]) => tokenIds.length > 0);
  const first = shards.length === 0 ? 0 : o.round % shards.length;
  const reported = new Map<number, string[]>();
  let room = o.tokensMax ?? KEY_TOKENS_MAX;
  for (const [shard, tokenIds] of [...shards.slice(first), ...shards.slice(0, first)]) {
    const some = tokenIds.slice(0, Math.min(MISSING_TOKENS_MAX, room));
    if (some.length > 0) reported.set(shard, some);
    room -= some.length;
  }
  return reported;
}

/**
 * The services with their lacking tokens, as far as those fit the key; shards that lack the fewest come first. A shard whose
 * list does not fit counts as opening, because the others could not know what it lacks.
 */
export function reportedLacking(
  services: ReadonlyMap<number, ShardService>,
  tokensMax = KEY_TOKENS_MAX,
): Map<number, ShardService> {
  const reported = new Map(services);
  const sizes: { shard: number; service: ShardService; tokens: number }[] = [];
  for (const [shard, { lacking, ...service }] of services) {
    if (Array.isArray(lacking)) sizes.push({ shard, service, tokens: lacking.length });
  }
  let room = tokensMax;
  for (const { shard, service, tokens } of sizes.sort((a, b) => a.tokens - b.tokens || a.shard - b.shard)) {
    if (tokens > room) reported.set(shard, { ...service, state: 'opening' });
    else room -= tokens;
  }
  return reported;
}

/** Token ids have 78 digits, so each of the two lists takes up to 325 kB of a message of 1 MiB. */
const KEY_TOKENS_MAX = 4_000;
