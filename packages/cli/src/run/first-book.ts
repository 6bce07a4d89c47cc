import type { IngestorStatus, SubscribeAnswer } from '@polytape/types';

/** `came`: a book of both tokens. `not_yet`: still waited for. `none`: not on two connections in a row. */
export type FirstBook = 'came' | 'not_yet' | 'none';

/**
 * Whether the first books of a market have come, by what the plan says and what the ingestors say of the shard's
 * connections: a shard counts as covered also when some of its books were waited for in vain.
 */
export function firstBookOf(
  { shard, isCovered, tokenIds }: Exclude<SubscribeAnswer, { refused: string }>,
  ingestors: readonly Pick<IngestorStatus, 'shards'>[],
): FirstBook {
  if (shard === null || !isCovered) return 'not_yet';
  const serving = ingestors.flatMap(({ shards }) => shards.filter((one) => one.shard === shard));
  const lacking = serving.filter(({ missing }) => tokenIds.some((tokenId) => missing.includes(tokenId)));
  const hasCome = serving.some(
    ({ missing, connections }) =>
      !tokenIds.some((tokenId) => missing.includes(tokenId)) &&
      // Which tokens a connection lacks it does not say, but for those that are missing for good.
      connections.some(({ tokens, covered }) => tokens > 0 && tokens - covered <= missing.length),
  );
  if (hasCome) return 'came';
  return lacking.length > 0 && lacking.length === serving.length ? 'none' : 'not_yet';
}
