import type { Shard } from '@polytape/types';
import type { PlanLimits } from './shard-planner.ts';
import { targetOf } from './shard-target.ts';

/** A plan in numbers. */
export type PlanSummary = {
  shards: number;
  tokens: number;
  /** pending: open without a place; subscribed: in a shard; expired: ended, and out of the plan. */
  markets: { open: number; pending: number; subscribed: number; expired: number };
  /** Tokens that the shards hold when filled to their targets, and the free places among these. */
  capacity: { total: number; free: number };
};

export function summarisePlan(state: {
  shards: ReadonlyMap<number, Shard>;
  markets: { open: number; ended: number };
  pending: ReadonlyMap<string, number>;
  limits: PlanLimits;
}): PlanSummary {
  const { shards, markets, pending, limits } = state;
  let tokens = 0;
  let total = 0;
  let free = 0;
  for (const shard of shards.values()) {
    const present = shard.tokens.length;
    tokens += present;
    const target = targetOf(shard, limits.tokensTarget);
    total += target;
    free += Math.max(0, target - present);
  }
  return {
    shards: shards.size,
    tokens,
    markets: { open: markets.open, pending: pending.size, subscribed: tokens / 2, expired: markets.ended },
    capacity: { total, free },
  };
}
