import type { Shard } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { summarisePlan } from '../src/plan-summary.ts';
import type { PlanLimits, WantedMarket } from '../src/shard-planner.ts';
import { market, marketsFrom, PlanHistory } from './plan-history.ts';

/** Small, so that short histories fill shards; the defaults are 400, 500, 50 and 30 s. */
const limits: PlanLimits = { tokensTarget: 10, tokensMax: 14, openAtTokens: 8, openAfterMs: 30_000 };

/** What happens next at the venue or in the scheduler, and how much later. */
type Step = { afterMs: number; opens: number; announces: number; ends: readonly number[]; isListComplete: boolean };

const steps = (most: { opens: number; ends: number }): fc.Arbitrary<Step> =>
  fc.record({
    afterMs: fc.integer({ min: 1, max: 40_000 }),
    opens: fc.oneof(fc.nat(3), fc.nat(most.opens)),
    announces: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    ends: fc.array(fc.nat(), { maxLength: most.ends }),
    isListComplete: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });

function live(history: PlanHistory, step: Step): void {
  history.passes(step.afterMs);
  history.ends(step.ends);
  history.opens(step.opens);
  history.announces(step.announces);
  history.plan({ isListComplete: step.isListComplete });
}

describe('a plan, after any history of openings, announcements and closings,', () => {
  const check = (history: PlanHistory) => {
    const seen = new Map<string, number>();
    for (const [number, shard] of history.shards) {
      expect(shard.tokens.length).toBeGreaterThan(0);
      expect(shard.tokens.length).toBeLessThanOrEqual(history.limits.tokensMax);
      for (const { tokenId } of shard.tokens) {
        if (seen.has(tokenId)) throw new Error(`token ${tokenId} stands in two places`);
        seen.set(tokenId, number);
      }
    }
    let planned = 0;
    for (const { conditionId, tokenIds } of history.open.values()) {
      const places = tokenIds.map((tokenId) => seen.get(tokenId));
      if (places[0] !== places[1]) throw new Error(`the tokens of ${conditionId} stand apart`);
      const isPending = history.pending.has(conditionId);
      if ((places[0] === undefined) !== isPending) throw new Error(`${conditionId} is neither planned nor pending`);
      if (!isPending) planned += 2;
    }
    expect(seen.size).toBe(planned); // nothing else is in the plan: ended tokens have left
    for (const sinceMs of history.pending.values()) {
      expect(history.nowMs - sinceMs).toBeLessThan(history.limits.openAfterMs);
    }
    expect(history.moves).toBe(0);
  };

  test('has no token twice, none over the limit, both of a market together, none moved, none waiting too long', () => {
    fc.assert(
      fc.property(fc.array(steps({ opens: 12, ends: 12 }), { maxLength: 40 }), (history) => {
        const lived = new PlanHistory(limits);
        for (const step of history) {
          live(lived, step);
          check(lived);
        }
      }),
    );
  });

  test('has the same with the usual limits and up to 10,000 markets', () => {
    const usual = { tokensTarget: 400, tokensMax: 500, openAtTokens: 50, openAfterMs: 30_000 };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000 }),
        fc.array(steps({ opens: 100, ends: 400 }), { maxLength: 10 }),
        (first, history) => {
          const lived = new PlanHistory(usual);
          lived.opens(first);
          lived.plan({ isListComplete: true });
          check(lived);
          for (const step of history) live(lived, step);
          check(lived);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('asks for nothing when nothing changed, and tells when it must be asked again', () => {
    fc.assert(
      fc.property(fc.array(steps({ opens: 12, ends: 12 }), { maxLength: 20 }), (history) => {
        const lived = new PlanHistory(limits);
        for (const step of history) live(lived, step);
        const { changes, dueAtMs } = lived.plan({});
        expect(changes).toEqual([]);
        expect(dueAtMs !== null).toBe(lived.pending.size > 0);
      }),
    );
  });

  test('touches only the shards that tokens join or leave', () => {
    fc.assert(
      fc.property(fc.array(steps({ opens: 12, ends: 3 }), { maxLength: 20 }), (history) => {
        const lived = new PlanHistory(limits);
        for (const step of history) {
          const before = new Map(lived.shards);
          live(lived, step);
          for (const [number, shard] of lived.shards) {
            const earlier = before.get(number);
            if (earlier === undefined) continue;
            expect(JSON.stringify(shard.tokens) === JSON.stringify(earlier.tokens)).toBe(shard === earlier);
          }
        }
      }),
    );
  });
});

describe('a new market', () => {
  test('takes the places of ended ones, the lowest shard first', () => {
    const history = planned(10);
    history.ends([7, 1]); // of shard 1 and of shard 0
    history.opens(1);
    history.plan({});
    expect(history.shards.get(0)?.tokens.map(({ tokenId }) => tokenId)).toContain('20');
    expect(sizes(history)).toEqual({ 0: 10, 1: 8 });
  });

  test('raises the version of the shard that takes it, and of no other', () => {
    const history = planned(8);
    history.opens(1);
    history.plan({});
    expect([...history.shards.values()].map(({ version }) => version)).toEqual([1, 2]);
  });

  test('without a free place waits, and opens a shard when it has waited long enough', () => {
    const history = planned(5);
    history.opens(1);
    expect(history.plan({})).toMatchObject({ changes: [], dueAtMs: 30_000 });
    history.passes(29_999);
    expect(history.plan({}).changes).toEqual([]);
    history.passes(1);
    expect(history.plan({}).changes).toHaveLength(1);
    expect(sizes(history)).toEqual({ 0: 10, 1: 2 });
  });

  test('counts its time from when it came, not from the last planning', () => {
    const history = planned(5);
    history.opens(1);
    history.plan({});
    history.passes(20_000);
    history.opens(1);
    expect(history.plan({}).dueAtMs).toBe(30_000);
    history.passes(10_000);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 4 }); // the younger one goes along
  });

  test('opens a shard at once together with others that are many enough', () => {
    const history = planned(5);
    history.opens(3);
    expect(history.plan({}).changes).toEqual([]);
    history.opens(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 8 });
  });

  test('does not wait for others when the list has been read to its end', () => {
    const history = new PlanHistory(limits);
    history.opens(2);
    expect(history.plan({}).changes).toEqual([]);
    expect(history.plan({ isListComplete: true }).changes).toHaveLength(1);
    expect(sizes(history)).toEqual({ 0: 4 });
  });

  test('that was announced takes a place above the target, in the emptiest shard, up to the maximum', () => {
    const history = planned(10);
    history.announces(1);
    history.plan({});
    history.announces(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 12, 1: 12 });
    history.announces(3);
    expect(history.plan({}).dueAtMs).toBe(30_000);
    expect(sizes(history)).toEqual({ 0: 14, 1: 14 });
  });

  test('that was announced with many others opens a shard as they do', () => {
    const history = planned(10);
    history.announces(4);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 10, 2: 8 });
  });
});

describe('an ended market', () => {
  test('leaves, and its shard goes with the last one', () => {
    const history = planned(6);
    history.ends([5]);
    expect(history.plan({}).changes).toEqual([{ number: 1, shard: null, leaving: 2 }]);
  });

  test('is not one of which nothing is known: those stay', () => {
    const history = planned(6);
    history.forget(market(0).conditionId);
    expect(history.plan({}).changes).toEqual([]);
  });

  test('frees a number, which the next shard takes', () => {
    const history = planned(15);
    history.ends([5, 6, 7, 8, 9]);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 2: 10 });
    history.opens(5);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 10, 2: 10 });
  });
});

describe('a plan in numbers', () => {
  test('counts states, places and what has left', () => {
    const shards = new Map<number, Shard>([
      [0, shardOf(marketsFrom(0, 5))],
      [3, shardOf(marketsFrom(5, 3))],
    ]);
    const summary = summarisePlan({
      shards,
      markets: { open: 9, ended: 4 },
      pending: new Map([['0xaa', 0]]),
      left: new Map([[3, 2]]),
      limits,
    });
    expect(summary).toEqual({
      shards: 2,
      tokens: 16,
      markets: { open: 9, pending: 1, subscribed: 8, expired: 4 },
      capacity: { total: 20, free: 4 },
      pollution: new Map([
        [0, 0],
        [3, 0.25],
      ]),
    });
  });
});

/** A plan in which so many markets have a place. */
function planned(markets: number): PlanHistory {
  const history = new PlanHistory(limits);
  history.opens(markets);
  history.plan({ isListComplete: true });
  return history;
}

function sizes({ shards }: PlanHistory): Record<number, number> {
  return Object.fromEntries([...shards].map(([number, { tokens }]) => [number, tokens.length]));
}

function shardOf(markets: readonly WantedMarket[]): Shard {
  const tokens = markets.flatMap(({ conditionId, tokenIds }) => tokenIds.map((tokenId) => ({ tokenId, conditionId })));
  return { version: 1, tokens };
}
