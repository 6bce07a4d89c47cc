import type { Shard, ShardToken } from '@polytape/types';

/** A market that is to be recorded: its condition and both tokens. */
export type WantedMarket = { conditionId: string; tokenIds: [string, string] };

/** What has to be written to the bucket `shards`: the new content of a shard, or `null` to delete it. */
export type ShardChange = { number: number; shard: Shard | null };

/**
 * The changes that turn the present plan into one that records exactly the wanted markets.
 *
 * Both tokens of a market stand in one shard, because the venue sends each change of a market to the subscribers of
 * either. A token that is in a shard stays there: moving it would cost a subscription for nothing. Tokens of markets
 * that are no longer wanted leave; new markets fill the free places of the lowest shards up to `tokensTarget`, then open
 * new ones. An emptied shard is deleted.
 */
export function planShards(
  present: ReadonlyMap<number, Shard>,
  wanted: readonly WantedMarket[],
  limits: { tokensTarget: number },
): ShardChange[] {
  const wantedIds = new Set(wanted.map((market) => market.conditionId));
  const planned = new Set<string>();
  const drafts = new Map<number, Draft>();
  for (const [number, shard] of present) {
    const tokens = shard.tokens.filter(({ conditionId }) => wantedIds.has(conditionId));
    for (const { conditionId } of tokens) planned.add(conditionId);
    drafts.set(number, { tokens, isChanged: tokens.length !== shard.tokens.length });
  }
  const pending = wanted.filter(({ conditionId }) => !planned.has(conditionId));
  fill(drafts, pending, limits.tokensTarget);

  return [...drafts]
    .filter(([, draft]) => draft.isChanged)
    .map(([number, { tokens }]) => ({
      number,
      shard: tokens.length === 0 ? null : { version: (present.get(number)?.version ?? 0) + 1, tokens },
    }));
}

type Draft = { tokens: ShardToken[]; isChanged: boolean };

/** Places the pending markets, lowest shard first; opens shards with the lowest free numbers. */
function fill(drafts: Map<number, Draft>, pending: readonly WantedMarket[], tokensTarget: number): void {
  let number = 0;
  for (const { conditionId, tokenIds } of pending) {
    while ((drafts.get(number)?.tokens.length ?? 0) + tokenIds.length > tokensTarget) number += 1;
    const draft = drafts.get(number) ?? { tokens: [], isChanged: true };
    draft.tokens.push(...tokenIds.map((tokenId) => ({ tokenId, conditionId })));
    draft.isChanged = true;
    drafts.set(number, draft);
  }
}
