import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { market, PlanHistory } from './plan-history.ts';
import { check, limits, live, planned, sizes, steps, tokensOf } from './plan-rules.ts';

describe('a plan after any history of openings, announcements and closings', () => {
  test('has no token twice or moved, no shard over the limit, no market split or waiting too long', () => {
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

  test('has the same properties with the usual limits and up to 10,000 markets', () => {
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

  test('needs no writes when nothing changed, and says when planning is due again', () => {
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

  test('never reuses a version of a number, even after the shard was deleted', () => {
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

  test('changes only the shards that tokens join or leave', () => {
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
  test('takes the place of an ended one, in the lowest shard first', () => {
    const history = planned(10);
    history.ends([7, 1]); // of shard 1 and of shard 0
    history.opens(1);
    history.plan({});
    expect(history.shards.get(0)?.tokens.map(({ tokenId }) => tokenId)).toContain('20');
    expect(sizes(history)).toEqual({ 0: 10, 1: 8 });
  });

  test('raises the version of its shard and of no other', () => {
    const history = planned(8);
    history.opens(1);
    history.plan({});
    expect([...history.shards.values()].map(({ version }) => version)).toEqual([1, 2]);
  });

  test('without a free place waits, and opens a shard after the maximum wait', () => {
    const history = planned(5);
    history.opens(1);
    expect(history.plan({})).toMatchObject({ changes: [], dueAtMs: 30_000 });
    history.passes(29_999);
    expect(history.plan({}).changes).toEqual([]);
    history.passes(1);
    expect(history.plan({}).changes).toHaveLength(1);
    expect(sizes(history)).toEqual({ 0: 10, 1: 2 });
  });

  test('waits from its arrival, not from the last planning', () => {
    const history = planned(5);
    history.opens(1);
    history.plan({});
    history.passes(20_000);
    history.opens(1);
    expect(history.plan({}).dueAtMs).toBe(30_000);
    history.passes(10_000);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 4 }); // the younger one joins it
  });

  test('opens a shard at once together with enough others', () => {
    const history = planned(5);
    history.opens(3);
    expect(history.plan({}).changes).toEqual([]);
    history.opens(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 8 });
  });

  test('does not wait for others when the list is complete', () => {
    const history = new PlanHistory(limits);
    history.opens(2);
    expect(history.plan({}).changes).toEqual([]);
    expect(history.plan({ isListComplete: true }).changes).toHaveLength(1);
    expect(sizes(history)).toEqual({ 0: 4 });
  });

  test('that was announced takes a place above the target in the emptiest shard, or a new shard if all are full', () => {
    const history = planned(10);
    history.announces(1);
    history.plan({});
    history.announces(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 12, 1: 12 });
    history.announces(3);
    expect(history.plan({}).dueAtMs).toBeNull();
    expect(sizes(history)).toEqual({ 0: 14, 1: 14, 2: 2 });
  });

  test('that was announced with many others opens a shard with them', () => {
    const history = planned(10);
    history.announces(4);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 10, 2: 8 });
  });
});

describe('an announced market without a document', () => {
  test('takes a free place at once', () => {
    const history = planned(8);
    history.announcesUnconfirmed(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 8 });
  });

  test('is like any other when its document comes', () => {
    const history = planned(8);
    const [announced = market(0)] = history.announcesUnconfirmed(1);
    history.plan({});
    history.confirms(announced);
    expect(history.plan({}).changes).toEqual([]);
  });

  test('gets the tokens of its document if the announcement named others', () => {
    const history = planned(8);
    const [announced = market(0)] = history.announcesUnconfirmed(1);
    history.plan({});
    history.confirms({ ...announced, tokenIds: ['71', '72'] });
    const { renewed } = history.plan({});
    expect(renewed).toEqual([{ conditionId: announced.conditionId, shard: 1 }]);
    expect([...tokensOf(history.shards)]).toEqual(expect.arrayContaining(['71', '72']));
    for (const tokenId of announced.tokenIds) expect([...tokensOf(history.shards)]).not.toContain(tokenId);
  });

  test('leaves if its announcement was false', () => {
    const history = planned(5);
    const [announced = market(0)] = history.announcesUnconfirmed(1);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 12 });
    history.expires(announced.conditionId);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10 });
  });

  test('gets no place if it claims a token of another market', () => {
    const history = planned(5);
    const [claiming = market(0), other = market(0)] = history.announcesUnconfirmed(2);
    history.unconfirmed.set(claiming.conditionId, { ...claiming, tokenIds: ['99', '0'], isUnconfirmed: true });
    expect(history.plan({}).pending.size).toBe(0);
    expect([...tokensOf(history.shards)]).toEqual(expect.arrayContaining([...other.tokenIds]));
    expect(tokensOf(history.shards).has('99')).toBe(false);
  });

  test('makes no confirmed market wait, however many are announced', () => {
    const history = planned(4); // 8 of 10 places
    history.announcesUnconfirmed(20);
    history.plan({});
    expect(Object.values(sizes(history)).reduce((sum, tokens) => sum + tokens, 0)).toBe(48);
    history.opens(1); // found by a scan, so it would have to wait without a free place
    history.plan({});
    expect(history.pending.size).toBe(0);
    expect(history.shards.get(0)?.tokens).toContainEqual({ tokenId: '48', conditionId: market(24).conditionId });
    expect(sizes(history)).toMatchObject({ 0: 12 });
  });

  test('does not exceed the lowered target of a shard', () => {
    const history = planned(5);
    history.plan({ misplaced: history.served(0, 6) });
    history.announcesUnconfirmed(1);
    history.opens(3);
    history.plan({});
    expect(sizes(history)[0]).toBe(6);
  });
});

describe('a market with new tokens', () => {
  test('has them in the places of the old ones after one write of its shard', () => {
    const history = planned(10);
    history.renews([3]);
    const { changes, renewed } = history.plan({});
    expect(changes).toMatchObject([{ number: 0, shard: { version: 2 } }]);
    expect(renewed).toEqual([{ conditionId: market(3).conditionId, shard: 0 }]);
    expect(sizes(history)).toEqual({ 0: 10, 1: 10 });
    const tokenIds = [...tokensOf(history.shards)];
    expect(tokenIds).toEqual(expect.arrayContaining(['1n0', '1n1']));
    for (const old of market(3).tokenIds) expect(tokenIds).not.toContain(old);
  });

  test('is unchanged if its tokens only swapped places', () => {
    const history = planned(10);
    const { conditionId, tokenIds } = market(3);
    history.open.set(conditionId, { conditionId, tokenIds: [tokenIds[1], tokenIds[0]] });
    expect(history.plan({})).toMatchObject({ changes: [], renewed: [] });
  });
});

describe('an ended market', () => {
  test('leaves, and the shard is deleted with its last market', () => {
    const history = planned(6);
    history.ends([5]);
    expect(history.plan({}).changes).toEqual([{ number: 1, shard: null }]);
  });

  test('differs from an unknown one, which stays', () => {
    const history = planned(6);
    history.forget(market(0).conditionId);
    expect(history.plan({}).changes).toEqual([]);
  });

  test('frees the number of an empty shard for the next one', () => {
    const history = planned(15);
    history.ends([5, 6, 7, 8, 9]);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 2: 10 });
    history.opens(5);
    history.plan({});
    expect(sizes(history)).toEqual({ 0: 10, 1: 10, 2: 10 });
  });
});
