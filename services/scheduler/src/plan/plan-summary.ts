import type { Shard } from '@polytape/types';
import type { PlanLimits } from './shard-planner.ts';
import { targetOf } from './shard-target.ts';

/** A plan in plain numbers. */
export type PlanSummary = {
  shards: number;
  tokens: number;
  /** pending: open, without a place; subscribed: has its place in a shard; expired: ended, and out of the plan. */
  markets: { open: number; pending: number; subscribed: number; expired: number };
  /** Tokens that the present shards take up to their target, and how many more of them fit in. */
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
