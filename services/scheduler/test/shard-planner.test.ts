import type { Shard } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planShards, type ShardChange, type WantedMarket } from '../src/shard-planner.ts';

const limits = { tokensTarget: 10 };

function market(n: number): WantedMarket {
  return { conditionId: `0x${n.toString(16)}`, tokenIds: [String(2 * n), String(2 * n + 1)] };
}

function apply(plan: Map<number, Shard>, changes: ShardChange[]): Map<number, Shard> {
  const next = new Map(plan);
  for (const { number, shard } of changes) {
    if (shard === null) next.delete(number);
    else next.set(number, shard);
  }
  return next;
}

function shardOf(plan: Map<number, Shard>, tokenId: string): number[] {
  return [...plan]
    .filter(([, shard]) => shard.tokens.some((token) => token.tokenId === tokenId))
    .map(([number]) => number);
}

/** Histories of which markets are wanted, step by step. */
const histories = fc.array(fc.uniqueArray(fc.nat(40), { maxLength: 40 }), { maxLength: 12 });

describe('a plan, after any history of openings and closings,', () => {
  test('records exactly the wanted markets, both tokens together, no token twice, no shard over its target', () => {
    fc.assert(
      fc.property(histories, (history) => {
        let plan = new Map<number, Shard>();
        for (const numbers of history) {
          const wanted = numbers.map(market);
          plan = apply(plan, planShards(plan, wanted, limits));
          const tokens = [...plan.values()].flatMap((shard) => shard.tokens.map((token) => token.tokenId));
          expect(tokens.sort()).toEqual(wanted.flatMap(({ tokenIds }) => tokenIds).sort());
          for (const { tokenIds } of wanted) expect(shardOf(plan, tokenIds[0])).toEqual(shardOf(plan, tokenIds[1]));
          for (const shard of plan.values()) {
            expect(shard.tokens.length).toBeGreaterThan(0);
            expect(shard.tokens.length).toBeLessThanOrEqual(limits.tokensTarget);
          }
        }
      }),
    );
  });

  test('leaves a token where it is, and asks for nothing when nothing changed', () => {
    fc.assert(
      fc.property(histories, (history) => {
        let plan = new Map<number, Shard>();
        for (const numbers of history) {
          const wanted = numbers.map(market);
          const next = apply(plan, planShards(plan, wanted, limits));
          for (const { tokenIds } of wanted) {
            const before = shardOf(plan, tokenIds[0]);
            if (before.length > 0) expect(shardOf(next, tokenIds[0])).toEqual(before);
          }
          expect(planShards(next, wanted, limits)).toEqual([]);
          plan = next;
        }
      }),
    );
  });
});

describe('new markets', () => {
  test('fill the places of ended ones before a shard is opened', () => {
    const full = apply(new Map(), planShards(new Map(), [0, 1, 2, 3, 4, 5].map(market), limits));
    expect([...full.keys()]).toEqual([0, 1]);
    const next = apply(full, planShards(full, [0, 2, 3, 4, 5, 6].map(market), limits));
    expect(shardOf(next, '12')).toEqual([0]);
    expect([...next.keys()]).toEqual([0, 1]);
  });

  test('raise the version of the shard that takes them, and of no other', () => {
    const first = apply(new Map(), planShards(new Map(), [0, 1, 2, 3, 4, 5].map(market), limits));
    const next = apply(first, planShards(first, [0, 1, 2, 3, 4, 5, 6].map(market), limits));
    expect([next.get(0)?.version, next.get(1)?.version]).toEqual([1, 2]);
  });
});
