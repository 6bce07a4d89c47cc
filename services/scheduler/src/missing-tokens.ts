import type { IngestorPresence, Shard } from '@polytape/types';

/**
 * The tokens of each shard of which its connection gets no book, as the ingestors say. Only what is said of the shard's
 * present version counts, and of tokens that are in it.
 */
export function missingTokens(
  presences: Iterable<IngestorPresence>,
  shards: ReadonlyMap<number, Shard>,
): Map<number, Set<string>> {
  const missing = new Map<number, Set<string>>();
  for (const presence of presences) {
    for (const [key, service] of Object.entries(presence.shards)) {
      const shard = shards.get(Number(key));
      if (service.missing === undefined || service.version !== shard?.version) continue;
      if (service.state !== 'covered') continue;
      const told = new Set(service.missing);
      const ours = shard.tokens.filter(({ tokenId }) => told.has(tokenId)).map(({ tokenId }) => tokenId);
      if (ours.length > 0) missing.set(Number(key), new Set([...(missing.get(Number(key)) ?? []), ...ours]));
    }
  }
  return missing;
}
