import type { Shard } from '@polytape/types';

/** How far to fill a shard; see the fields of `Shard`. */
export type ShardTarget = Pick<Shard, 'tokensTarget' | 'targetLoweredAtMs' | 'targetRaisedAtMs'>;

/** The number of tokens to fill a shard to, given the setting. */
export function targetOf({ tokensTarget }: ShardTarget, settingTokens: number): number {
  return Math.min(tokensTarget ?? settingTokens, settingTokens);
}

/** The target of a shard whose connection served `tokensServed` tokens: an even number, because a market has two tokens. */
export function loweredTarget(target: ShardTarget, tokensServed: number, dateMs: number): ShardTarget {
  return {
    ...target,
    tokensTarget: Math.max(MARKET_TOKENS, tokensServed - (tokensServed % MARKET_TOKENS)),
    targetLoweredAtMs: dateMs,
  };
}

/**
 * Whether to raise a lowered target on trial: no target of the plan was lowered within a day or raised just now. What one
 * connection showed is likely to hold for the others, and while it does, each trial costs some markets their first minutes.
 * So one shard is tried at a time: if it works the next one follows, otherwise one a day.
 *
 * Without this, an hour in which the venue served few tokens on each connection would leave the plan in small shards for
 * good. If lowered targets simply expired after a day, all shards would fail their trials at once.
 */
export function mayRaise(targets: Iterable<ShardTarget>, dateMs: number): boolean {
  // A time far in the future was written by a wrong clock.
  const isRecent = (atMs: number | undefined, ms: number) => atMs !== undefined && Math.abs(dateMs - atMs) < ms;
  for (const { targetLoweredAtMs, targetRaisedAtMs } of targets) {
    if (isRecent(targetLoweredAtMs, LOWERED_MS) || isRecent(targetRaisedAtMs, RAISED_MS)) return false;
  }
  return true;
}

/** Twice the old target, or twice the shard's tokens if those are more, up to the setting. */
export function raisedTarget(target: ShardTarget, tokens: number, settingTokens: number, dateMs: number): ShardTarget {
  const doubled = 2 * Math.max(tokens, targetOf(target, settingTokens));
  if (doubled >= settingTokens) return { targetRaisedAtMs: dateMs };
  return { ...target, tokensTarget: doubled, targetRaisedAtMs: dateMs };
}

/** How long a lowered target holds. */
const LOWERED_MS = 24 * 60 * 60_000;
/** Within this time a shard shows whether it serves the tokens that joined. */
const RAISED_MS = 10 * 60_000;
const MARKET_TOKENS = 2;
