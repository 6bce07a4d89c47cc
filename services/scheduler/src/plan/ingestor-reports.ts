import type { IngestorPresence, Shard, ShardService } from '@polytape/types';

type Shards = ReadonlyMap<number, Shard>;

/**
 * The tokens of each shard whose first book no ingestor gets: all active ingestors that serve the shard's present version
 * miss them. A token that only one of several misses is left where it is: that ingestor's own path to the venue is at
 * fault, the others record the token, and another shard would not help.
 */
export function missingTokens(presences: Iterable<IngestorPresence>, shards: Shards): Map<number, Set<string>> {
  const missing = new Map<number, Set<string>>();
  for (const { number, shard, service } of servicesOf(presences, shards)) {
    if (!knowsItsBooks(service)) continue;
    const reported = new Set(service.missing);
    const others = missing.get(number);
    const ours = shard.tokens.map(({ tokenId }) => tokenId).filter((tokenId) => reported.has(tokenId));
    missing.set(number, new Set(ours.filter((tokenId) => others?.has(tokenId) ?? true)));
  }
  for (const [number, tokenIds] of missing) if (tokenIds.size === 0) missing.delete(number);
  return missing;
}

/** Shards whose first books come in a frame above the ingestors' limit. One report is enough: all have the same limit. */
export function oversizedShards(presences: Iterable<IngestorPresence>, shards: Shards): Set<number> {
  const oversized = new Set<number>();
  for (const { number, service } of servicesOf(presences, shards)) if (service.dumpTooLarge) oversized.add(number);
  return oversized;
}

/** How active ingestors serve the present versions of the plan's shards. */
function* servicesOf(
  presences: Iterable<IngestorPresence>,
  shards: Shards,
): Generator<{ number: number; shard: Shard; service: ShardService }> {
  for (const { state, shards: served } of presences) {
    if (state !== 'active') continue;
    for (const [key, service] of Object.entries(served)) {
      const number = Number(key);
      const shard = shards.get(number);
      if (shard !== undefined && service.version === shard.version) yield { number, shard, service };
    }
  }
}

/**
 * A shard that lacks too many first books stays `opening`; its missing tokens still count. If not a single book came, the
 * connection is at fault and not the number of its tokens.
 */
function knowsItsBooks({ state, missing = [], lacking }: ShardService): boolean {
  return state === 'covered' || (state === 'opening' && missing.length > 0 && lacking !== 'all');
}
