import type { IngestorPresence, Shard } from '@polytape/types';

/**
 * The tokens of each shard of which no connection gets a book: all active ingestors that cover the shard's present
 * version miss them, or lack so many that it does not count as covered. One of several that misses some has trouble of its own, on its way to the venue: the others record
 * those, and another shard would not help it. Of tokens that are not in the shard nothing is said.
 */
export function missingTokens(
  presences: Iterable<IngestorPresence>,
  shards: ReadonlyMap<number, Shard>,
): Map<number, Set<string>> {
  const missing = new Map<number, Set<string>>();
  for (const { state, shards: served } of presences) {
    if (state !== 'active') continue;
    for (const [key, service] of Object.entries(served)) {
      const number = Number(key);
      const shard = shards.get(number);
      if (shard === undefined || service.version !== shard.version) continue;
      if (service.state !== 'covered' && service.missing === undefined) continue;
      const told = new Set(service.missing);
      const others = missing.get(number);
      const ours = shard.tokens.map(({ tokenId }) => tokenId).filter((tokenId) => told.has(tokenId));
      missing.set(number, new Set(ours.filter((tokenId) => others?.has(tokenId) ?? true)));
    }
  }
  for (const [number, tokenIds] of missing) if (tokenIds.size === 0) missing.delete(number);
  return missing;
}
