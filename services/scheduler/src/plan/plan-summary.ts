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
  /**
   * For each shard, the tokens that have left it over those and the present ones, counted since this scheduler leads. A
   * connection keeps what the venue does not free; the plan does not know when one was opened anew, so this is the most
   * that it can be.
   */
  pollution: Map<number, number>;
};

export function summarisePlan(state: {
  shards: ReadonlyMap<number, Shard>;
  markets: { open: number; ended: number };
  pending: ReadonlyMap<string, number>;
  left: ReadonlyMap<number, number>;
  limits: PlanLimits;
}): PlanSummary {
  const { shards, markets, pending, left, limits } = state;
  let tokens = 0;
  let total = 0;
  let free = 0;
  const pollution = new Map<number, number>();
  for (const [number, shard] of shards) {
    const present = shard.tokens.length;
    const gone = left.get(number) ?? 0;
    tokens += present;
    const target = targetOf(shard, limits.tokensTarget);
    total += target;
    free += Math.max(0, target - present);
    pollution.set(number, gone === 0 ? 0 : gone / (gone + present));
  }
  return {
    shards: shards.size,
    tokens,
    markets: { open: markets.open, pending: pending.size, subscribed: tokens / 2, expired: markets.ended },
    capacity: { total, free },
    pollution,
  };
}
