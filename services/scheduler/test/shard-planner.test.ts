import type { Shard } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { summarisePlan } from '../src/plan-summary.ts';
import type { PlanLimits, WantedMarket } from '../src/shard-planner.ts';
import { market, marketsFrom, PlanHistory } from './plan-history.ts';

/** Small, so that short histories fill shards; the defaults are 400, 500, 50 and 30 s. */
const limits: PlanLimits = { tokensTarget: 10, tokensMax: 14, openAtTokens: 8, openAfterMs: 30_000, movesMax: 3 };

/** What happens next at the venue or in the scheduler, and how much later. */
type Step = {
  afterMs: number;
  opens: number;
  announces: number;
  ends: readonly number[];
  renews: readonly number[];
  isListComplete: boolean;
};

const steps = (most: { opens: number; ends: number }): fc.Arbitrary<Step> =>
  fc.record({
    afterMs: fc.integer({ min: 1, max: 40_000 }),
    opens: fc.oneof(fc.nat(3), fc.nat(most.opens)),
    announces: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    ends: fc.array(fc.nat(), { maxLength: most.ends }),
    renews: fc.array(fc.nat(), { maxLength: 2 }),
    isListComplete: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });

const DAY_MS = 24 * 60 * 60_000;

/** As steps are, with hours between them. */
const days = steps({ opens: 12, ends: 6 }).map((step) => ({ ...step, afterMs: 1_500 * step.afterMs }));

function live(history: PlanHistory, step: Step): void {
  history.passes(step.afterMs);
  history.ends(step.ends);
  history.renews(step.renews);
  history.opens(step.opens);
  history.announces(step.announces);
  history.plan({ isListComplete: step.isListComplete });
}

/** What holds of every plan, whatever has happened. */
function check(history: PlanHistory): void {
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
}

describe('a plan, after any history of openings, announcements and closings,', () => {
  test('has no token twice, none over the limit, both of a market together, none moved, none waiting too long', () => {
    fc.assert(
      fc.property(fc.array(steps({ opens: 12, ends: 12 }), { maxLength: 40 }), (history) => {
        const lived = new PlanHistory(limits);
        for (const step of history) {
          live(lived, step);
          check(lived);
          expect(lived.moves).toBe(0);
        }
      }),
    );
  });

  test('has the same with the usual limits and up to 10,000 markets', () => {
    const usual = { tokensTarget: 400, tokensMax: 500, openAtTokens: 50, openAfterMs: 30_000, movesMax: 200 };
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
          expect(lived.moves).toBe(0);
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

  test('gives no number a version that it had before, also when the shard was gone meanwhile', () => {
    fc.assert(
      fc.property(fc.array(steps({ opens: 12, ends: 30 }), { maxLength: 40 }), (history) => {
        const lived = new PlanHistory(limits);
        const versions = new Map<number, number>();
        for (const step of history) {
          const before = new Map(lived.shards);
          live(lived, step);
          for (const [number, shard] of lived.shards) {
            if (shard === before.get(number)) continue;
            expect(shard.version).toBeGreaterThan(versions.get(number) ?? 0);
            versions.set(number, shard.version);
          }
        }
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

describe('a market that trades under other tokens than before', () => {
  test('has these in the place of the old ones, in one write of its shard', () => {
    const history = planned(10);
    history.renews([3]);
    const { changes, renewed } = history.plan({});
    expect(changes).toMatchObject([{ number: 0, leaving: 0, shard: { version: 2 } }]);
    expect(renewed).toEqual([{ conditionId: market(3).conditionId, shard: 0 }]);
    expect(sizes(history)).toEqual({ 0: 10, 1: 10 });
    const tokenIds = [...tokensOf(history.shards)];
    expect(tokenIds).toEqual(expect.arrayContaining(['1n0', '1n1']));
    for (const old of market(3).tokenIds) expect(tokenIds).not.toContain(old);
  });

  test('is left alone when its tokens only changed places', () => {
    const history = planned(10);
    const { conditionId, tokenIds } = market(3);
    history.open.set(conditionId, { conditionId, tokenIds: [tokenIds[1], tokenIds[0]] });
    expect(history.plan({})).toMatchObject({ changes: [], renewed: [] });
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

describe('a plan with connections that are served less than they ask for', () => {
  test('moves what they are not served, bounded and together, and nothing else', () => {
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
              // It may hold more than its target for a while, and takes no more then.
              expect(tokens.length).toBeLessThanOrEqual(Math.max(tokensTarget, earlier?.tokens.length ?? 0));
            }
          }
        },
      ),
    );
  });

  test('has every token somewhere after each single write', () => {
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

  test('lowers the target of the shard, and fills it no further from then on', () => {
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

  test('writes the shard that takes before the one that gives', () => {
    const history = planned(8);
    const { changes, moved } = history.plan({ misplaced: history.served(0, 8) });
    expect(changes.map(({ number }) => number)).toEqual([1, 0]);
    expect(moved).toEqual([{ conditionId: market(4).conditionId, from: 0, to: 1 }]);
  });

  test('moves a few at a time', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 4, 1: 6 });
    history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 2, 1: 8 });
  });

  test('fills no other shard further than this one was served', () => {
    const history = planned(25);
    for (const shard of [0, 1, 2, 3, 4]) history.plan({ misplaced: history.served(shard, 8) });
    expect(sizes(history)).toEqual({ 0: 8, 1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 2 });
  });

  test('opens none that is smaller than one for new markets, however little this one was served', () => {
    const history = planned(5);
    for (let turn = 0; turn < 2; turn += 1) history.plan({ misplaced: history.served(0, 2) });
    expect(sizes(history)).toEqual({ 0: 2, 1: 8 });
  });

  test('does not move a market back to where it was not served', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 8) });
    history.ends([0]); // a place in shard 0 is free again
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 6, 1: 2 });
    history.plan({ misplaced: history.served(1, 0) });
    expect(sizes(history)).toEqual({ 0: 6, 2: 2 });
  });

  test('takes no notice of what was found in an earlier version of the shard', () => {
    const history = planned(8);
    const misplaced = history.served(0, 2);
    history.ends([0]);
    history.plan({});
    expect(history.plan({ misplaced }).changes).toEqual([]);
  });

  test('has a market that a leader left in two shards, for it died between two writes, where it was to move to', () => {
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

describe('a target that was lowered', () => {
  test('is doubled a day later when there is no other place, and is the setting again in the end', () => {
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

  test('is lowered again when more is still not served, and no other is tried that day', () => {
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

  test('stays while another one is tried', () => {
    const history = planned(10);
    for (const shard of [0, 1]) history.plan({ misplaced: history.served(shard, 6) });
    history.opens(11);
    history.plan({ isListComplete: true });
    history.passes(DAY_MS);
    history.opens(3);
    for (let turn = 0; turn < 2; turn += 1) history.plan({});
    expect(sizes(history)).toMatchObject({ 0: 10, 1: 6 });
  });

  test('of which nobody knows since when, or whose time lies in a far future, is tried', () => {
    for (const targetLoweredAtMs of [undefined, 100 * DAY_MS]) {
      const history = planned(2);
      const lowered = { ...shardOf(marketsFrom(0, 2)), tokensTarget: 4 };
      history.shards.set(0, targetLoweredAtMs === undefined ? lowered : { ...lowered, targetLoweredAtMs });
      history.opens(1);
      history.plan({});
      expect(sizes(history)).toEqual({ 0: 6 });
    }
  });

  test('is raised for a market that needs the place, at most twice, one at a time, a day after the last one fell', () => {
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

  test('is forgotten everywhere when the venue serves all again and markets come: the plan does not stay in pieces', () => {
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

describe('a plan in numbers', () => {
  test('counts a shard that is served less with its own target', () => {
    const summary = summarisePlan({
      shards: new Map([[0, { ...shardOf(marketsFrom(0, 2)), tokensTarget: 6 }]]),
      markets: { open: 2, ended: 0 },
      pending: new Map(),
      left: new Map(),
      limits,
    });
    expect(summary.capacity).toEqual({ total: 6, free: 2 });
  });

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

/** Tokens that the shard is filled to. */
function targetIn(shards: ReadonlyMap<number, Shard>, number: number): number {
  return shards.get(number)?.tokensTarget ?? limits.tokensTarget;
}

function sizes({ shards }: PlanHistory): Record<number, number> {
  return Object.fromEntries([...shards].map(([number, { tokens }]) => [number, tokens.length]));
}

/** Conditions that stand in another shard than before, in order. */
function movedConditions(before: ReadonlyMap<number, Shard>, after: ReadonlyMap<number, Shard>): string[] {
  const places = new Map([...before].flatMap(([number, { tokens }]) => tokens.map(({ tokenId }) => [tokenId, number])));
  const moved = [...after].flatMap(([number, { tokens }]) =>
    tokens.filter(({ tokenId }) => (places.get(tokenId) ?? number) !== number),
  );
  return [...new Set(moved.map(({ conditionId }) => conditionId))].sort();
}

function tokensOf(shards: ReadonlyMap<number, Shard>): Set<string> {
  return new Set([...shards.values()].flatMap(({ tokens }) => tokens.map(({ tokenId }) => tokenId)));
}

function shardOf(markets: readonly WantedMarket[]): Shard {
  const tokens = markets.flatMap(({ conditionId, tokenIds }) => tokenIds.map((tokenId) => ({ tokenId, conditionId })));
  return { version: 1, tokens };
}
