import type { Shard, ShardToken } from '@polytape/types';

/** A market that is to be recorded: its condition and both tokens. */
export type WantedMarket = { conditionId: string; tokenIds: readonly [string, string] };

export type PlanInput = {
  /** The plan as it stands. */
  shards: ReadonlyMap<number, Shard>;
  /** All markets to record, in the order in which they are to be placed. */
  wanted: Iterable<WantedMarket>;
  /** Whether a market is known to have ended: its tokens leave. Tokens of which nothing is known stay. */
  isEnded: (conditionId: string) => boolean;
  /** Since when each market waits that has no place yet, as the last planning gave it back. */
  pending: ReadonlyMap<string, number>;
  /** Markets that the venue announced just now, rather than a list that was read. */
  announced: ReadonlySet<string>;
  /** All that the venue lists has just been read: no more is about to come, so nothing needs to be waited for. */
  isListComplete: boolean;
  nowMs: number;
};

export type PlanLimits = {
  /** Tokens that a shard is filled to. */
  tokensTarget: number;
  /** Tokens of a shard at most; the places between are for announced markets that would otherwise wait. */
  tokensMax: number;
  /** So many tokens that wait open a shard. */
  openAtTokens: number;
  /** When one has waited so long, a shard is opened all the same. */
  openAfterMs: number;
};

/** What has to be written to the bucket `shards`. */
export type ShardChange = {
  number: number;
  /** The new content, or null to delete the shard. */
  shard: Shard | null;
  /** Tokens that leave the shard because their market has ended. */
  leaving: number;
};

export type Planning = {
  changes: ShardChange[];
  /** Markets that have to wait, and since when. */
  pending: Map<string, number>;
  /** When planning must be done again at the latest, for the oldest of them; null when nobody waits. */
  dueAtMs: number | null;
};

/**
 * The changes that turn the present plan into the next one.
 *
 * Both tokens of a market stand in one shard, because the venue sends each change of a market to the subscribers of
 * either. A token that is in a shard stays there: moving it would cost a subscription for nothing. Ended markets leave,
 * and an emptied shard is deleted. New markets fill the free places of the lowest shards. Those left over wait until
 * they are many enough for a shard of their own, or one has waited long enough, or the list is complete. An announced
 * market is not made to wait while there is room up to `tokensMax`: its first trades come now.
 */
export function planShards(input: PlanInput, limits: PlanLimits): Planning {
  const { drafts, planned } = withoutEnded(input);
  const unplaced: WantedMarket[] = [];
  for (const market of input.wanted) if (!planned.has(market.conditionId)) unplaced.push(market);

  let waiting = fillFreePlaces(drafts, unplaced, limits.tokensTarget);
  let pending = waitingSince(waiting, input);
  if (mustOpen(waiting, pending, input, limits)) {
    openShards(drafts, waiting, limits.tokensTarget);
    waiting = [];
  } else {
    waiting = useReserve(drafts, waiting, input.announced, limits.tokensMax);
  }
  if (waiting.length < pending.size) pending = waitingSince(waiting, input);

  return {
    changes: [...drafts.values()].filter(({ isChanged }) => isChanged).map((draft) => changeOf(draft, input.shards)),
    pending,
    dueAtMs: pending.size === 0 ? null : oldest(pending) + limits.openAfterMs,
  };
}

type Draft = { number: number; tokens: ShardToken[]; leaving: number; isChanged: boolean };

function withoutEnded({ shards, isEnded }: PlanInput): { drafts: Map<number, Draft>; planned: Set<string> } {
  const planned = new Set<string>();
  const drafts = new Map<number, Draft>();
  for (const number of [...shards.keys()].sort((a, b) => a - b)) {
    const present = shards.get(number)?.tokens ?? [];
    const tokens = present.filter(({ conditionId }) => !isEnded(conditionId));
    for (const { conditionId } of tokens) planned.add(conditionId);
    const leaving = present.length - tokens.length;
    drafts.set(number, { number, tokens, leaving, isChanged: leaving > 0 });
  }
  return { drafts, planned };
}

/** @returns The markets for which there was no place. */
function fillFreePlaces(drafts: Map<number, Draft>, markets: readonly WantedMarket[], target: number): WantedMarket[] {
  const free = [...drafts.values()].filter(({ tokens }) => tokens.length + MARKET_TOKENS <= target);
  let next = 0;
  for (const draft of free) {
    while (next < markets.length && draft.tokens.length + MARKET_TOKENS <= target) {
      place(draft, markets[next]);
      next += 1;
    }
  }
  return markets.slice(next);
}

function mustOpen(
  waiting: readonly WantedMarket[],
  pending: ReadonlyMap<string, number>,
  { isListComplete, nowMs }: PlanInput,
  { openAtTokens, openAfterMs }: PlanLimits,
): boolean {
  if (waiting.length === 0) return false;
  const isCrowd = waiting.length * MARKET_TOKENS >= openAtTokens;
  return isListComplete || isCrowd || nowMs - oldest(pending) >= openAfterMs;
}

/** Opens shards under the lowest free numbers until every market has a place. */
function openShards(drafts: Map<number, Draft>, markets: readonly WantedMarket[], target: number): void {
  let number = 0;
  let draft: Draft | null = null;
  for (const market of markets) {
    if (draft === null || draft.tokens.length + MARKET_TOKENS > target) {
      while (drafts.has(number)) number += 1;
      draft = { number, tokens: [], leaving: 0, isChanged: true };
      drafts.set(number, draft);
    }
    place(draft, market);
  }
}

/** Puts announced markets into the emptiest shard with room. @returns The markets that wait. */
function useReserve(
  drafts: Map<number, Draft>,
  markets: readonly WantedMarket[],
  announced: ReadonlySet<string>,
  tokensMax: number,
): WantedMarket[] {
  return markets.filter((market) => {
    if (!announced.has(market.conditionId)) return true;
    let emptiest: Draft | null = null;
    for (const draft of drafts.values()) {
      if (emptiest === null || draft.tokens.length < emptiest.tokens.length) emptiest = draft;
    }
    if (emptiest === null || emptiest.tokens.length + MARKET_TOKENS > tokensMax) return true;
    place(emptiest, market);
    return false;
  });
}

function place(draft: Draft, market: WantedMarket | undefined): void {
  if (market === undefined) return;
  const { conditionId, tokenIds } = market;
  for (const tokenId of tokenIds) draft.tokens.push({ tokenId, conditionId });
  draft.isChanged = true;
}

function changeOf({ number, tokens, leaving }: Draft, shards: ReadonlyMap<number, Shard>): ShardChange {
  const version = (shards.get(number)?.version ?? 0) + 1;
  return { number, shard: tokens.length === 0 ? null : { version, tokens }, leaving };
}

function waitingSince(waiting: readonly WantedMarket[], { pending, nowMs }: PlanInput): Map<string, number> {
  return new Map(waiting.map(({ conditionId }) => [conditionId, pending.get(conditionId) ?? nowMs]));
}

function oldest(pending: ReadonlyMap<string, number>): number {
  let atMs = Number.POSITIVE_INFINITY;
  for (const sinceMs of pending.values()) atMs = Math.min(atMs, sinceMs);
  return atMs;
}

/** Both are placed together. */
const MARKET_TOKENS = 2;
