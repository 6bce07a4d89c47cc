import type { Shard } from '@polytape/types';

/** How far a shard is filled: see the fields of these names. */
export type ShardTarget = Pick<Shard, 'tokensTarget' | 'targetLoweredAtMs' | 'targetRaisedAtMs'>;

/** Tokens that a shard is filled to, where the setting is `settingTokens`. */
export function targetOf({ tokensTarget }: ShardTarget, settingTokens: number): number {
  return Math.min(tokensTarget ?? settingTokens, settingTokens);
}

/** What follows for a shard of which so many tokens were found to be served: an even number, for both tokens of a market go together. */
export function loweredTarget(target: ShardTarget, tokensServed: number, dateMs: number): ShardTarget {
  return {
    ...target,
    tokensTarget: Math.max(MARKET_TOKENS, tokensServed - (tokensServed % MARKET_TOKENS)),
    targetLoweredAtMs: dateMs,
  };
}

/**
 * Whether a lowered target may be tried anew: none of the plan was lowered for a day, and none was raised just now. What
 * was found of one connection is likely to hold for the others, and while it does each trial costs some markets their
 * first minutes; so one shard is tried, and then the rest of them or, a day later, one again.
 */
export function mayRaise(targets: Iterable<ShardTarget>, dateMs: number): boolean {
  // A time that lies far in the future was written by a clock that was wrong.
  const isRecent = (atMs: number | undefined, ms: number) => atMs !== undefined && Math.abs(dateMs - atMs) < ms;
  for (const { targetLoweredAtMs, targetRaisedAtMs } of targets) {
    if (isRecent(targetLoweredAtMs, LOWERED_MS) || isRecent(targetRaisedAtMs, RAISED_MS)) return false;
  }
  return true;
}

/** Twice as much as it was, or as the shard holds if that is more; or the setting again. */
export function raisedTarget(target: ShardTarget, tokens: number, settingTokens: number, dateMs: number): ShardTarget {
  const doubled = 2 * Math.max(tokens, targetOf(target, settingTokens));
  if (doubled >= settingTokens) return { targetRaisedAtMs: dateMs };
  return { ...target, tokensTarget: doubled, targetRaisedAtMs: dateMs };
}

/** So long a lowered target holds. */
const LOWERED_MS = 24 * 60 * 60_000;
/** In this time it is found out that tokens that have joined are not served. */
const RAISED_MS = 10 * 60_000;
const MARKET_TOKENS = 2;
