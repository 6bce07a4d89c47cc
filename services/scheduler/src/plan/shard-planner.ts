import type { Shard, ShardToken } from '@polytape/types';
import { loweredTarget, mayRaise, raisedTarget, type ShardTarget, targetOf } from './shard-target.ts';

/** A market that is to be recorded: its condition and both tokens. */
export type WantedMarket = {
  conditionId: string;
  tokenIds: readonly [string, string];
  /** It was announced and has no document yet. The announcement may be false. */
  isUnconfirmed?: true;
};

export type PlanInput = {
  /** The plan as it stands. */
  shards: ReadonlyMap<number, Shard>;
  /** All markets to record, in the order in which they are to be placed: unconfirmed ones last. */
  wanted: Iterable<WantedMarket>;
  /** Whether a market is known to have ended: its tokens leave. Tokens of which nothing is known stay. */
  isEnded: (conditionId: string) => boolean;
  /** Since when each market waits that has no place yet, as the last planning gave it back. */
  pending: ReadonlyMap<string, number>;
  /** Markets that the venue announced just now, rather than a list that was read. */
  announced: ReadonlySet<string>;
  /** All that the venue lists has just been read: no more is about to come, so nothing needs to be waited for. */
  isListComplete: boolean;
  /** What the connections of some shards were found not to serve, by the shard's number. */
  misplaced: ReadonlyMap<number, Misplaced>;
  /**
   * No version that is written now is lower. Greater than the versions of all shards that are gone: a number that is used
   * again must not begin with a version that somebody knows already, with other tokens.
   */
  versionMin: number;
  /** Milliseconds since the epoch, for what holds longer than a term; a day more or less is no matter. */
  dateMs: number;
  /** Milliseconds of a clock that never goes back. */
  nowMs: number;
};

/** Markets of one shard that have a book at the venue, and of which its connection gets none. */
export type Misplaced = {
  /** Version of the shard of which this was found; of another one it says nothing. */
  version: number;
  /** Tokens of the shard that its connection does serve. */
  tokensServed: number;
  /** By condition: the shards from which it was moved away before. */
  markets: ReadonlyMap<string, ReadonlySet<number>>;
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
  /** Markets that are moved to another shard in one planning at most. */
  movesMax: number;
};

/** What has to be written to the bucket `shards`. */
export type ShardChange = {
  number: number;
  /** The new content, or null to delete the shard. */
  shard: Shard | null;
};

export type Planning = {
  /** To be written in this order: a market that moves has its new place before it leaves the old one. */
  changes: ShardChange[];
  /** Markets that were moved, and from where. */
  moved: { conditionId: string; from: number; to: number }[];
  /** Markets that trade under other tokens than the plan had: they have these now, in the place of the old ones. */
  renewed: { conditionId: string; shard: number }[];
  /** Markets that have to wait, and since when. */
  pending: Map<string, number>;
  /** When planning must be done again at the latest, for the oldest of them; null when nobody waits. */
  dueAtMs: number | null;
};

/**
 * The changes that turn the present plan into the next one.
 *
 * Both tokens of a market stand in one shard, because the venue sends each change of a market to the subscribers of
 * either. A token that is in a shard stays there: moving it would cost a subscription for nothing. Only what the shard's
 * connection does not serve moves, to a free place elsewhere or into a new shard, and neither that one nor the old shard
 * is then filled beyond what the old one was seen to serve, until much later one shard is tried with more. Ended markets leave, and an emptied shard is deleted. A market
 * that trades under other tokens by now gets these in the place of the old ones. New markets fill the free places of the
 * lowest shards. Those left over wait until they are many enough for a shard of their own, or one has
 * waited long enough, or the list is complete. An announced market never waits, for its first trades come now: it gets a
 * place up to `tokensMax`, or else a new shard. Unconfirmed markets take free places, but no confirmed market waits for a
 * place because of them: they do not count towards the target.
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
  /** Tokens among them of unconfirmed markets. */
  unconfirmed: number;
  isChanged: boolean;
  target: ShardTarget;
};

/** Where a market stands, and with which tokens. */
type Place = { shard: number; tokenIds: string[] };

function withoutEnded({ shards, isEnded }: PlanInput): { drafts: Map<number, Draft>; planned: Map<string, Place> } {
  const planned = new Map<string, Place>();
  const drafts: Draft[] = [];
  // A leader that died between the two writes of a move left the market in both shards. The later one is to have it, for
  // the other was not served; versions grow with the time.
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

/** Puts the tokens under which these markets trade by now in the place of those that the plan had. */
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

/** Lowers the targets of the shards that serve less, and moves what they do not serve, as many as may be moved at once. */
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
    // Another connection is likely to be served no more than this one: a shard that is filled further would have to give
    // again. Shards too small to be opened for new markets are not made either, whatever was found.
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

/** Never above what the shard has been lowered to before. */
function lowerTarget(draft: Draft, tokensServed: number, dateMs: number, { tokensTarget }: PlanLimits): void {
  const lowered = loweredTarget(draft.target, tokensServed, dateMs);
  if (targetOf(lowered, tokensTarget) >= targetOf(draft.target, tokensTarget)) return;
  draft.target = lowered;
  draft.isChanged = true;
}

function hasRoom({ tokens, unconfirmed, target }: Draft, limits: PlanLimits, market?: WantedMarket): boolean {
  const taken = tokens.length + MARKET_TOKENS;
  const tokensTarget = targetOf(target, limits.tokensTarget);
  // A lowered target is what the connection serves, whatever tokens these are.
  if (market?.isUnconfirmed || target.tokensTarget !== undefined) return taken <= tokensTarget;
  return taken - unconfirmed <= tokensTarget && taken <= limits.tokensMax;
}

/** Leaves out unconfirmed markets that claim a token of another market. */
function withoutClaimed(markets: WantedMarket[], drafts: ReadonlyMap<number, Draft>): WantedMarket[] {
  if (!markets.some(({ isUnconfirmed }) => isUnconfirmed)) return markets;
  const claimed = new Set([...drafts.values()].flatMap(({ tokens }) => tokens.map(({ tokenId }) => tokenId)));
  return markets.filter(({ tokenIds, isUnconfirmed }) => {
    if (isUnconfirmed && tokenIds.some((tokenId) => claimed.has(tokenId))) return false;
    for (const tokenId of tokenIds) claimed.add(tokenId);
    return true;
  });
}

/** @returns The markets for which there was no place. */
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
 * Lets the first shard whose target was lowered long ago take more than that, if all are full: a venue that served less
 * for a while must not leave the plan in pieces. @returns The markets for which there is no place either.
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

/** Opens shards under the lowest free numbers until every market has a place. */
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

/** Puts announced markets into the emptiest shard with room. @returns The markets that wait. */
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
      // A shard that was found to serve less has no places above its target.
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

/** Both are placed together. */
const MARKET_TOKENS = 2;
