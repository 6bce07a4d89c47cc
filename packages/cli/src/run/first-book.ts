import type { IngestorStatus, SubscribeAnswer } from '@polytape/types';

/** `came`: both tokens have a book. `not_yet`: still waiting. `none`: no book on two connections in a row. */
export type FirstBook = 'came' | 'not_yet' | 'none';

/**
 * Whether the first books of a market have arrived, judged from the plan and the status of the shard's connections. The
 * state `covered` alone proves nothing: a shard also gets it when the wait for some of its books timed out.
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
      // A connection reports how many books it lacks, but names only the tokens it has given up on.
      connections.some(({ tokens, covered }) => tokens > 0 && tokens - covered <= missing.length),
  );
  if (hasCome) return 'came';
  return lacking.length > 0 && lacking.length === serving.length ? 'none' : 'not_yet';
}
