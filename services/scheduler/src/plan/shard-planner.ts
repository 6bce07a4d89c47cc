import type { Shard, ShardToken } from '@polytape/types';
import { loweredTarget, mayRaise, raisedTarget, type ShardTarget, targetOf } from './shard-target.ts';

/** A market to record: its condition and both tokens. */
export type WantedMarket = {
  conditionId: string;
  tokenIds: readonly [string, string];
  /** The market was announced and has no document yet. The announcement may be false. */
  isUnconfirmed?: true;
};

export type PlanInput = {
  /** The present plan. */
  shards: ReadonlyMap<number, Shard>;
  /** All markets to record, in the order of placement: unconfirmed ones last. */
  wanted: Iterable<WantedMarket>;
  /** Whether a market has ended, so that its tokens leave. Tokens of unknown markets stay. */
  isEnded: (conditionId: string) => boolean;
  /** When each market without a place began to wait, as returned by the last planning. */
  pending: ReadonlyMap<string, number>;
  /** Markets that the venue has just announced, as opposed to those found in a list. */
  announced: ReadonlySet<string>;
  /** The venue's whole list has just been read, so no market needs to wait for others. */
  isListComplete: boolean;
  /** Markets that their connections do not serve, by the number of the shard. */
  misplaced: ReadonlyMap<number, Misplaced>;
  /**
   * The lowest version to write: above the versions of all deleted shards. A number that is used again must not start with
   * a version that an ingestor already knows with other tokens.
   */
  versionMin: number;
  /** Milliseconds since the epoch, for dates that outlive a term. */
  dateMs: number;
  /** Milliseconds of a clock that never goes back. */
  nowMs: number;
};

/** Markets of one shard that its connection does not serve. */
export type Misplaced = {
  /** The version of the shard for which this was found. */
  version: number;
  /** Tokens of the shard that its connection does serve. */
  tokensServed: number;
  /** By condition: the shards that the market was moved away from before. */
  markets: ReadonlyMap<string, ReadonlySet<number>>;
};

export type PlanLimits = {
  /** Tokens that a shard is filled to. */
  tokensTarget: number;
  /** Maximum number of tokens in a shard. The places above the target are for announced markets. */
  tokensMax: number;
  /** Number of waiting tokens that opens a shard. */
  openAtTokens: number;
  /** Longest wait of a token before a shard is opened for it. */
  openAfterMs: number;
  /** Maximum number of markets to move in one planning. */
  movesMax: number;
};

/** One write to the bucket `shards`. */
export type ShardChange = {
  number: number;
  /** The new content, or null to delete the shard. */
  shard: Shard | null;
};

export type Planning = {
  /** In the order of writing: a moving market gets its new place before it leaves the old one. */
  changes: ShardChange[];
  /** Markets that move. */
  moved: { conditionId: string; from: number; to: number }[];
  /** Markets whose tokens changed: the new ones take the places of the old ones. */
  renewed: { conditionId: string; shard: number }[];
  /** Markets that wait for a place, and since when. */
  pending: Map<string, number>;
  /** When to plan again at the latest, for the oldest of these; null when none waits. */
  dueAtMs: number | null;
};

/**
 * The changes that turn the present plan into the next one.
 *
 * - Both tokens of a market are in one shard, because the venue sends each change of a market to the subscribers of either.
 * - A token stays in its shard: moving it would cost a subscription for nothing. Only markets that their connection does
 *   not serve move, to a free place elsewhere or into a new shard. From then on neither shard is filled beyond what the
 *   old one was served, until one shard is tried with more after a day.
 * - Ended markets leave, and an empty shard is deleted. Changed tokens take the places of the old ones.
 * - New markets fill the free places of the lowest shards. The others wait until there are enough of them for a shard, or
 *   one has waited long enough, or the list is complete.
 * - An announced market never waits, because its first trades come now: it gets a place up to `tokensMax`, or a new shard.
 * - Unconfirmed markets take free places, but do not count towards the target: no confirmed market waits because of them.
 */
export function planShards(input: PlanInput, limits: PlanLimits): Planning {
  const { drafts, planned } = withoutEnded(input);
  const unplaced: WantedMarket[] = [];
  const outdated: { market: WantedMarket; shard: number }[] = [];
  for (const market of input.wanted) {
    const place = planned.get(market.conditionId);
    if (place === undefined) unplaced.push(market);
    else if (!isSame(place.tokenIds, market.tokenIds)) outdated.push({ market, shard: place.shard });
    else if (market.isUnconfirmed) countUnconfirmed(drafts.get(place.shard), market);
  }
  const renewed = renew(drafts, outdated);

  const moved = moveMisplaced(drafts, input, limits);
  let waiting = fillRaised(drafts, fillFreePlaces(drafts, withoutClaimed(unplaced, drafts), limits), input, limits);
  let pending = waitingSince(waiting, input);
  const isCrowd = mustOpen(waiting, pending, input, limits);
  if (!isCrowd) waiting = useReserve(drafts, waiting, input.announced, limits);
  if (isCrowd || waiting.some(({ conditionId }) => input.announced.has(conditionId))) {
    openShards(drafts, waiting, limits);
    waiting = [];
  }
  if (waiting.length < pending.size) pending = waitingSince(waiting, input);

  const changed = [...drafts.values()].filter(({ isChanged }) => isChanged);
  const gives = ({ number }: Draft) => moved.some(({ from }) => from === number);
  const inOrder = [...changed.filter((draft) => !gives(draft)), ...changed.filter(gives)];
  return {
    changes: inOrder.map((draft) => changeOf(draft, input)),
    moved,
    renewed,
    pending,
    dueAtMs: pending.size === 0 ? null : oldest(pending) + limits.openAfterMs,
  };
}

type Draft = {
  number: number;
  tokens: ShardToken[];
  /** How many of these tokens belong to unconfirmed markets. */
  unconfirmed: number;
  isChanged: boolean;
  target: ShardTarget;
};

/** The shard of a market, and its tokens there. */
type Place = { shard: number; tokenIds: string[] };

function withoutEnded({ shards, isEnded }: PlanInput): { drafts: Map<number, Draft>; planned: Map<string, Place> } {
  const planned = new Map<string, Place>();
  const drafts: Draft[] = [];
  // A leader that died between the two writes of a move left the market in both shards. It stays in the one with the higher
  // version, which is the receiving one.
  for (const [number, shard] of [...shards].sort(([, a], [, b]) => b.version - a.version)) {
    const { version: _version, tokens: present, ...target } = shard;
    const tokens = present.filter(({ conditionId }) => !isEnded(conditionId) && !planned.has(conditionId));
    for (const { conditionId, tokenId } of tokens) {
      const place = planned.get(conditionId);
      if (place === undefined) planned.set(conditionId, { shard: number, tokenIds: [tokenId] });
      else place.tokenIds.push(tokenId);
    }
    const isChanged = tokens.length < present.length;
    drafts.push({ number, tokens, unconfirmed: 0, isChanged, target });
  }
  drafts.sort((a, b) => a.number - b.number);
  return { drafts: new Map(drafts.map((draft) => [draft.number, draft])), planned };
}

function isSame(planned: readonly string[], wanted: readonly string[]): boolean {
  return planned.length === wanted.length && wanted.every((tokenId) => planned.includes(tokenId));
}

/** Replaces the tokens of markets whose tokens changed. */
function renew(
  drafts: ReadonlyMap<number, Draft>,
  outdated: readonly { market: WantedMarket; shard: number }[],
): Planning['renewed'] {
  for (const [shard, ofShard] of Map.groupBy(outdated, ({ shard }) => shard)) {
    const draft = drafts.get(shard);
    if (draft === undefined) continue;
    const replaced = new Set(ofShard.map(({ market }) => market.conditionId));
    draft.tokens = draft.tokens.filter(({ conditionId }) => !replaced.has(conditionId));
    for (const { market } of ofShard) place(draft, market);
  }
  return outdated.map(({ market, shard }) => ({ conditionId: market.conditionId, shard }));
}

/** Lowers the targets of shards that are not fully served, and moves the markets that are not, up to `movesMax`. */
function moveMisplaced(
  drafts: Map<number, Draft>,
  { misplaced, shards, dateMs }: PlanInput,
  limits: PlanLimits,
): Planning['moved'] {
  const moved: Planning['moved'] = [];
  const giving = [...misplaced].flatMap(([number, found]) => {
    const draft = drafts.get(number);
    return draft === undefined || shards.get(number)?.version !== found.version ? [] : [{ draft, found }];
  });
  for (const { draft, found } of giving) lowerTarget(draft, found.tokensServed, dateMs, limits);
  for (const { draft: from, found } of giving) {
    // Another connection is likely to get no more than this one, so a shard filled further would have to give markets away
    // again. But a shard is never so small that no new one would be opened for its markets.
    const takesAtMost = Math.max(targetOf(from.target, limits.tokensTarget), limits.openAtTokens);
    for (const [conditionId, leftBefore] of found.markets) {
      if (moved.length >= limits.movesMax) return moved;
      const tokens = from.tokens.filter((token) => token.conditionId === conditionId);
      if (tokens.length === 0) continue;
      const isOpenTo = ({ number, tokens }: Draft) =>
        !misplaced.has(number) && !leftBefore.has(number) && tokens.length + MARKET_TOKENS <= takesAtMost;
      const to = [...drafts.values()].find((draft) => hasRoom(draft, limits) && isOpenTo(draft)) ?? newDraft(drafts);
      from.tokens = from.tokens.filter((token) => token.conditionId !== conditionId);
      to.tokens.push(...tokens);
      for (const draft of [from, to]) draft.isChanged = true;
      moved.push({ conditionId, from: from.number, to: to.number });
    }
  }
  return moved;
}

/** Never raises a target that was lowered before. */
function lowerTarget(draft: Draft, tokensServed: number, dateMs: number, { tokensTarget }: PlanLimits): void {
  const lowered = loweredTarget(draft.target, tokensServed, dateMs);
  if (targetOf(lowered, tokensTarget) >= targetOf(draft.target, tokensTarget)) return;
  draft.target = lowered;
  draft.isChanged = true;
}

function hasRoom({ tokens, unconfirmed, target }: Draft, limits: PlanLimits, market?: WantedMarket): boolean {
  const taken = tokens.length + MARKET_TOKENS;
  const tokensTarget = targetOf(target, limits.tokensTarget);
  // A lowered target is what the connection serves, and unconfirmed tokens count there too.
  if (market?.isUnconfirmed || target.tokensTarget !== undefined) return taken <= tokensTarget;
  return taken - unconfirmed <= tokensTarget && taken <= limits.tokensMax;
}

/** Drops unconfirmed markets that claim a token of another market. */
function withoutClaimed(markets: WantedMarket[], drafts: ReadonlyMap<number, Draft>): WantedMarket[] {
  if (!markets.some(({ isUnconfirmed }) => isUnconfirmed)) return markets;
  const claimed = new Set([...drafts.values()].flatMap(({ tokens }) => tokens.map(({ tokenId }) => tokenId)));
  return markets.filter(({ tokenIds, isUnconfirmed }) => {
    if (isUnconfirmed && tokenIds.some((tokenId) => claimed.has(tokenId))) return false;
    for (const tokenId of tokenIds) claimed.add(tokenId);
    return true;
  });
}

/** @returns The markets without a place. */
function fillFreePlaces(
  drafts: Map<number, Draft>,
  markets: readonly WantedMarket[],
  limits: PlanLimits,
): WantedMarket[] {
  let next = 0;
  for (const draft of drafts.values()) {
    for (let market = markets[next]; market !== undefined && hasRoom(draft, limits, market); market = markets[next]) {
      place(draft, market);
      next += 1;
    }
  }
  return markets.slice(next);
}

/**
 * If all shards are full, raises the first target that was lowered long ago: a venue that served less for a while must not
 * leave the plan in small pieces forever. @returns The markets without a place.
 */
function fillRaised(
  drafts: Map<number, Draft>,
  markets: WantedMarket[],
  { misplaced, dateMs }: PlanInput,
  limits: PlanLimits,
): WantedMarket[] {
  const targets = [...drafts.values()].map(({ target }) => target);
  if (markets.length === 0 || misplaced.size > 0 || !mayRaise(targets, dateMs)) return markets;
  for (const draft of drafts.values()) {
    if (targetOf(draft.target, limits.tokensTarget) === limits.tokensTarget) continue;
    const target = raisedTarget(draft.target, draft.tokens.length, limits.tokensTarget, dateMs);
    if (!hasRoom({ ...draft, target }, limits)) continue;
    draft.target = target;
    return fillFreePlaces(drafts, markets, limits);
  }
  return markets;
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

/** Opens shards with the lowest free numbers until every market has a place. */
function openShards(drafts: Map<number, Draft>, markets: readonly WantedMarket[], limits: PlanLimits): void {
  let draft: Draft | null = null;
  for (const market of markets) {
    if (draft === null || !hasRoom(draft, limits, market)) draft = newDraft(drafts);
    place(draft, market);
  }
}

function newDraft(drafts: Map<number, Draft>): Draft {
  let number = 0;
  while (drafts.has(number)) number += 1;
  const draft: Draft = { number, tokens: [], unconfirmed: 0, isChanged: true, target: {} };
  drafts.set(number, draft);
  return draft;
}

/** Puts announced markets into the emptiest shard with room up to `tokensMax`. @returns The other markets. */
function useReserve(
  drafts: Map<number, Draft>,
  markets: readonly WantedMarket[],
  announced: ReadonlySet<string>,
  { tokensMax }: PlanLimits,
): WantedMarket[] {
  return markets.filter((market) => {
    if (!announced.has(market.conditionId)) return true;
    let emptiest: Draft | null = null;
    for (const draft of drafts.values()) {
      // A lowered target leaves no places above it.
      if (draft.target.tokensTarget !== undefined) continue;
      if (emptiest === null || draft.tokens.length < emptiest.tokens.length) emptiest = draft;
    }
    if (emptiest === null || emptiest.tokens.length + MARKET_TOKENS > tokensMax) return true;
    place(emptiest, market);
    return false;
  });
}

function place(draft: Draft, market: WantedMarket): void {
  const { conditionId, tokenIds } = market;
  for (const tokenId of tokenIds) draft.tokens.push({ tokenId, conditionId });
  if (market.isUnconfirmed) countUnconfirmed(draft, market);
  draft.isChanged = true;
}

function countUnconfirmed(draft: Draft | undefined, { tokenIds }: WantedMarket): void {
  if (draft !== undefined) draft.unconfirmed += tokenIds.length;
}

function changeOf(draft: Draft, { shards, versionMin }: PlanInput): ShardChange {
  const { number, tokens, target } = draft;
  const version = Math.max((shards.get(number)?.version ?? 0) + 1, versionMin);
  return { number, shard: tokens.length === 0 ? null : { version, tokens, ...target } };
}

function waitingSince(waiting: readonly WantedMarket[], { pending, nowMs }: PlanInput): Map<string, number> {
  return new Map(waiting.map(({ conditionId }) => [conditionId, pending.get(conditionId) ?? nowMs]));
}

function oldest(pending: ReadonlyMap<string, number>): number {
  let atMs = Number.POSITIVE_INFINITY;
  for (const sinceMs of pending.values()) atMs = Math.min(atMs, sinceMs);
  return atMs;
}

/** Both tokens of a market are placed together. */
const MARKET_TOKENS = 2;
