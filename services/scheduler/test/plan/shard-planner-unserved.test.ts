import type { Shard } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { market, marketsFrom, PlanHistory } from './plan-history.ts';
import { check, DAY_MS, days, limits, live, planned, shardOf, sizes, steps, tokensOf } from './plan-rules.ts';

describe('a plan with connections that are not fully served', () => {
  test('moves only whole unserved markets, and a bounded number of them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(steps({ opens: 12, ends: 6 }), fc.nat(), fc.nat(13)), { maxLength: 30 }),
        (story) => {
          const lived = new PlanHistory(limits);
          for (const [step, choice, tokensServed] of story) {
            live(lived, step);
            const numbers = [...lived.shards.keys()];
            const number = numbers[choice % Math.max(1, numbers.length)] ?? 0;
            const before = new Map(lived.shards);
            const misplaced = lived.served(number, tokensServed);
            const planning = lived.plan({ misplaced });

            check(lived);
            expect(planning.moved.length).toBeLessThanOrEqual(limits.movesMax);
            for (const { conditionId, from, to } of planning.moved) {
              const leftBefore = misplaced.get(from)?.markets.get(conditionId);
              if (leftBefore === undefined) throw new Error(`${conditionId} was served, and was moved`);
              expect([...misplaced.keys(), ...leftBefore]).not.toContain(to);
            }
            expect(movedConditions(before, lived.shards)).toEqual(
              planning.moved.map(({ conditionId }) => conditionId).sort(),
            );
            for (const [shard, { tokens, tokensTarget }] of lived.shards) {
              const earlier = before.get(shard);
              if (tokensTarget === undefined) continue;
              expect(tokensTarget % 2).toBe(0);
              expect(tokensTarget).toBeGreaterThanOrEqual(2);
              expect(tokensTarget).toBeLessThanOrEqual(earlier?.tokensTarget ?? limits.tokensTarget);
              // It may exceed its target for a while, but does not grow.
              expect(tokens.length).toBeLessThanOrEqual(Math.max(tokensTarget, earlier?.tokens.length ?? 0));
            }
          }
        },
      ),
    );
  });

  test('contains every token after each single write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 20 }), fc.nat(), fc.nat(9), (markets, choice, tokensServed) => {
        const history = planned(markets);
        const written = new Map(history.shards);
        const all = tokensOf(written);
        const { changes } = history.plan({ misplaced: history.served(choice % written.size, tokensServed) });
        for (const { number, shard } of changes) {
          if (shard === null) written.delete(number);
          else written.set(number, shard);
          expect(tokensOf(written)).toEqual(all);
        }
      }),
    );
  });

  test('lowers the target of the shard and fills it no further', () => {
    const history = planned(10);
    history.plan({ misplaced: history.served(0, 7) });
    expect(sizes(history)).toEqual({ 0: 6, 1: 10, 2: 4 }); // the 7th token is served, its twin is not
    expect(history.shards.get(0)).toMatchObject({ version: 2, tokensTarget: 6 });
    expect(history.shards.get(2)?.tokensTarget).toBeUndefined();
    history.opens(8);
    history.plan({ isListComplete: true });
    expect(sizes(history)).toEqual({ 0: 6, 1: 10, 2: 10, 3: 10 });
    history.announces(1);
    history.plan({});
    expect(sizes(history)).toMatchObject({ 0: 6, 1: 12 });
  });

  test('writes the receiving shard before the giving one', () => {
    const history = planned(8);
    const { changes, moved } = history.plan({ misplaced: history.served(0, 8) });
    expect(changes.map(({ number }) => number)).toEqual([1, 0]);
    expect(moved).toEqual([{ conditionId: market(4).conditionId, from: 0, to: 1 }]);
  });

  test('moves a limited number of markets at a time', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 4, 1: 6 });
    history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 2, 1: 8 });
  });

  test('fills no other shard beyond what this one was served', () => {
    const history = planned(25);
    for (const shard of [0, 1, 2, 3, 4]) history.plan({ misplaced: history.served(shard, 8) });
    expect(sizes(history)).toEqual({ 0: 8, 1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 2 });
  });

  test('opens no shard smaller than one for new markets, however little this one was served', () => {
    const history = planned(5);
    for (let turn = 0; turn < 2; turn += 1) history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 2, 1: 8 });
  });

  test('does not move a market back to a shard that did not serve it', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 8) });
    history.ends([0]); // a place in shard 0 is free again
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 6, 1: 2 });
    history.plan({ misplaced: history.served(1, 0) });
    expect(sizes(history)).toEqual({ 0: 6, 2: 2 });
  });

  test('ignores findings about an earlier version of the shard', () => {
    const history = planned(8);
    const misplaced = history.served(0, 2);
    history.ends([0]);
    history.plan({});
    expect(history.plan({ misplaced }).changes).toEqual([]);
  });

  test('keeps a market in the receiving shard if a leader died between the two writes of its move', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 20 }), fc.nat(), fc.nat(9), fc.nat(5), (markets, choice, served, ends) => {
        const history = planned(markets);
        history.ends(Array.from({ length: ends }, (_, n) => n)); // so that some move to a lower number
        history.passes(1_000);
        history.plan({});
        const from = [...history.shards.keys()].at(choice % history.shards.size) ?? 0;
        const given = history.shards.get(from);
        history.passes(1_000);
        const { moved } = history.plan({ misplaced: history.served(from, served) });
        const whole = tokensOf(history.shards);
        if (given !== undefined) history.shards.set(from, given);
        history.passes(1_000);
        history.plan({});
        check(history);
        expect(tokensOf(history.shards)).toEqual(whole);
        for (const { conditionId, to } of moved) {
          expect(history.shards.get(to)?.tokens.map((token) => token.conditionId)).toContain(conditionId);
        }
      }),
    );
  });
});

describe('a lowered target', () => {
  test('doubles after a day if there is no other place, until it reaches the setting', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 4) });
    expect(history.shards.get(0)).toMatchObject({ tokensTarget: 4, targetLoweredAtMs: 0 });
    history.opens(2); // the free places of shard 1
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 4, 1: 10 });
    history.passes(DAY_MS - 1);
    history.opens(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 4, 1: 10 });
    history.passes(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 6, 1: 10 });
    expect(history.shards.get(0)).toMatchObject({ tokensTarget: 8, targetRaisedAtMs: DAY_MS });
    history.passes(10 * 60_000);
    history.opens(3);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 10 });
    expect(history.shards.get(0)?.tokensTarget).toBeUndefined();
  });

  test('is lowered again if more is still not served, and no other target is tried that day', () => {
    const history = planned(10);
    for (const shard of [0, 1]) history.plan({ misplaced: history.served(shard, 6) });
    history.opens(11);
    history.plan({ isListComplete: true });
    history.passes(DAY_MS);
    history.opens(1);
    history.plan({});
    expect(sizes(history)).toMatchObject({ 0: 8, 1: 6 });
    history.passes(60_000);
    history.plan({ misplaced: history.served(0, 6) });
    expect(history.shards.get(0)).toMatchObject({ tokensTarget: 6, targetLoweredAtMs: DAY_MS + 60_000 });
    history.opens(20);
    history.passes(DAY_MS - 1);
    history.plan({ isListComplete: true });
    expect(sizes(history)).toMatchObject({ 0: 6, 1: 6 });
  });

  test('stays while another target is tried', () => {
    const history = planned(10);
    for (const shard of [0, 1]) history.plan({ misplaced: history.served(shard, 6) });
    history.opens(11);
    history.plan({ isListComplete: true });
    history.passes(DAY_MS);
    history.opens(3);
    for (let turn = 0; turn < 2; turn += 1) history.plan({});
    expect(sizes(history)).toMatchObject({ 0: 10, 1: 6 });
  });

  test('without a date, or dated far in the future, is tried', () => {
    for (const targetLoweredAtMs of [undefined, 100 * DAY_MS]) {
      const history = planned(2);
      const lowered = { ...shardOf(marketsFrom(0, 2)), tokensTarget: 4 };
      history.shards.set(0, targetLoweredAtMs === undefined ? lowered : { ...lowered, targetLoweredAtMs });
      history.opens(1);
      history.plan({});
      expect(sizes(history)).toEqual({ 0: 6 });
    }
  });

  test('is raised only when a market needs the place, at most doubled, one at a time, a day after the last one fell', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(days, fc.nat(), fc.option(fc.nat(13))), { maxLength: 40 }), (story) => {
        const lived = new PlanHistory(limits);
        let raisedAtMs = Number.NEGATIVE_INFINITY;
        for (const [step, choice, tokensServed] of story) {
          lived.passes(step.afterMs);
          lived.ends(step.ends);
          lived.opens(step.opens);
          const before = new Map(lived.shards);
          const numbers = [...before.keys()];
          const number = numbers[choice % Math.max(1, numbers.length)] ?? 0;
          lived.plan(tokensServed === null ? {} : { misplaced: lived.served(number, tokensServed) });
          check(lived);
          const raised = numbers.filter((n) => targetIn(lived.shards, n) > targetIn(before, n) && lived.shards.has(n));
          expect(raised.length).toBeLessThanOrEqual(1);
          for (const n of raised) {
            const held = Math.max(targetIn(before, n), before.get(n)?.tokens.length ?? 0);
            expect(targetIn(lived.shards, n)).toBeLessThanOrEqual(2 * held);
            expect(lived.shards.get(n)?.tokens.length).toBeGreaterThan(targetIn(before, n));
            for (const { targetLoweredAtMs = -DAY_MS } of before.values()) {
              expect(lived.nowMs - targetLoweredAtMs).toBeGreaterThanOrEqual(DAY_MS);
            }
            expect(lived.nowMs - raisedAtMs).toBeGreaterThanOrEqual(10 * 60_000);
            raisedAtMs = lived.nowMs;
          }
        }
      }),
    );
  });

  test('disappears from the plan when the venue serves all tokens again and new markets come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.tuple(fc.nat(), fc.nat(13))), (markets, cliff) => {
        const history = planned(markets);
        for (const [choice, tokensServed] of cliff) {
          const numbers = [...history.shards.keys()];
          history.plan({ misplaced: history.served(numbers[choice % numbers.length] ?? 0, tokensServed) });
        }
        history.passes(DAY_MS);
        const rounds = 4 * history.shards.size + 1;
        for (let round = 0; round < rounds; round += 1) {
          history.opens(5);
          history.plan({ isListComplete: true });
          history.passes(10 * 60_000);
        }
        const lowered = [...history.shards.values()].filter(({ tokensTarget }) => tokensTarget !== undefined);
        expect(lowered).toEqual([]);
      }),
    );
  });
});

/** The target of a shard. */
function targetIn(shards: ReadonlyMap<number, Shard>, number: number): number {
  return shards.get(number)?.tokensTarget ?? limits.tokensTarget;
}

/** Conditions that moved to another shard, sorted. */
function movedConditions(before: ReadonlyMap<number, Shard>, after: ReadonlyMap<number, Shard>): string[] {
  const places = new Map([...before].flatMap(([number, { tokens }]) => tokens.map(({ tokenId }) => [tokenId, number])));
  const moved = [...after].flatMap(([number, { tokens }]) =>
    tokens.filter(({ tokenId }) => (places.get(tokenId) ?? number) !== number),
  );
  return [...new Set(moved.map(({ conditionId }) => conditionId))].sort();
}
