import type { Shard } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { summarisePlan } from '../../src/plan/plan-summary.ts';
import { marketsFrom } from './plan-history.ts';
import { limits, shardOf } from './plan-rules.ts';

describe('a plan in numbers', () => {
  test('counts a shard with a lowered target by that target', () => {
    const summary = summarisePlan({
      shards: new Map([[0, { ...shardOf(marketsFrom(0, 2)), tokensTarget: 6 }]]),
      markets: { open: 2, ended: 0 },
      pending: new Map(),
      limits,
    });
    expect(summary.capacity).toEqual({ total: 6, free: 2 });
  });

  test('counts states and places', () => {
    const shards = new Map<number, Shard>([
      [0, shardOf(marketsFrom(0, 5))],
      [3, shardOf(marketsFrom(5, 3))],
    ]);
    const summary = summarisePlan({
      shards,
      markets: { open: 9, ended: 4 },
      pending: new Map([['0xaa', 0]]),
      limits,
    });
    expect(summary).toEqual({
      shards: 2,
      tokens: 16,
      markets: { open: 9, pending: 1, subscribed: 8, expired: 4 },
      capacity: { total: 20, free: 4 },
    });
  });
});
