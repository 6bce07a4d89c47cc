import type { IngestorPresence, Shard, ShardService } from '@polytape/types';

type Shards = ReadonlyMap<number, Shard>;

/**
 * The tokens of each shard whose first book no ingestor gets: all active ingestors that serve the shard's present version
 * miss them, and so does one that is about to leave and still records the shard. A token that only one of several misses is
 * left where it is: that ingestor's own path to the venue is at fault, the others record the token, and another shard would
 * not help.
 */
export function missingTokens(presences: readonly IngestorPresence[], shards: Shards): Map<number, Set<string>> {
  const missing = new Map<number, Set<string>>();
  const staying = presences.filter(({ state }) => state === 'active');
  for (const { number, shard, service } of servicesOf(staying, shards)) {
    if (!knowsItsBooks(service)) continue;
    const reported = new Set(service.missing);
    const others = missing.get(number);
    const ours = shard.tokens.map(({ tokenId }) => tokenId).filter((tokenId) => reported.has(tokenId));
    missing.set(number, new Set(ours.filter((tokenId) => others?.has(tokenId) ?? true)));
  }
  const leaving = presences.filter(({ state }) => state === 'leaving');
  for (const { number, service } of servicesOf(leaving, shards)) {
    if (!knowsItsBooks(service)) continue;
    const reported = new Set(service.missing);
    for (const tokenId of missing.get(number) ?? []) if (!reported.has(tokenId)) missing.get(number)?.delete(tokenId);
  }
  for (const [number, tokenIds] of missing) if (tokenIds.size === 0) missing.delete(number);
  return missing;
}

/** Shards whose first books come in a frame above the ingestors' limit. One report is enough: all have the same limit. */
export function oversizedShards(presences: readonly IngestorPresence[], shards: Shards): Set<number> {
  const oversized = new Set<number>();
  const active = presences.filter(({ state }) => state === 'active');
  for (const { number, service } of servicesOf(active, shards)) if (service.dumpTooLarge) oversized.add(number);
  return oversized;
}

/** How these ingestors serve the present versions of the plan's shards. */
function* servicesOf(
  presences: Iterable<IngestorPresence>,
  shards: Shards,
): Generator<{ number: number; shard: Shard; service: ShardService }> {
  for (const { shards: served } of presences) {
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
  return (
    state === 'covered' || state === 'releasing' || (state === 'opening' && missing.length > 0 && lacking !== 'all')
  );
}
