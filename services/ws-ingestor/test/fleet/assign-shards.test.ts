import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Assignment, assignShards, type Member } from '../../src/fleet/assign-shards.ts';

describe('the assignment', () => {
  test('serves every shard by min(redundancy, members) different ingestors, with loads that differ by one at most', () => {
    fc.assert(
      fc.property(fleets, ({ shards, members, redundancy }) => {
        const { owners, unserved } = assignShards({ shards, members, redundancy });
        expect(unserved).toEqual([]);
        expect([...owners.keys()]).toEqual(shards);
        // One `expect` for all shards: one for each took most of the time of this test.
        const sizes = [...owners.values()].flatMap((ids) => [ids.length, new Set(ids).size]);
        expect(new Set(sizes)).toEqual(new Set([Math.min(redundancy, members.length)]));
        const loads = loadsOf({ owners }, members);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 10_000 },
    );
  });

  test('is the same for all who see the same members and shards, in whatever order', () => {
    fc.assert(
      fc.property(
        fleets.chain((fleet) =>
          fc.record({
            fleet: fc.constant(fleet),
            members: fc.shuffledSubarray(fleet.members, { minLength: fleet.members.length }),
            shards: fc.shuffledSubarray(fleet.shards, { minLength: fleet.shards.length }),
          }),
        ),
        ({ fleet, members, shards }) => {
          expect(assignShards({ ...fleet, members, shards })).toEqual(assignShards(fleet));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('stays the same across versions, so that ingestors of two versions agree', () => {
    const members = ['a', 'b', 'c'].map((id) => ({ id, capacity: 10 }));
    const { owners } = assignShards({ shards: [0, 1, 2, 3, 4, 5, 6, 7], members, redundancy: 2 });
    expect([...owners.values()].map((ids) => ids.join(''))).toEqual(['ab', 'ac', 'ab', 'ac', 'ab', 'bc', 'bc', 'bc']);
  });

  test('moves close to the minimum number of shards when an ingestor joins or leaves', () => {
    const rows: string[] = [];
    for (const [shards, members, redundancy] of SIZES) {
      let moved = 0;
      for (let draw = 0; draw < DRAWS; draw += 1) {
        const [before, after] = [members, members + 1].map((count) =>
          assignShards({ shards: numbersTo(shards), members: fleetOf(count, `draw-${draw}`), redundancy }),
        );
        // The places that a new member takes; in reverse, those that a leaving member gives up.
        if (before !== undefined && after !== undefined) moved += newPlaces(before, after) / DRAWS;
      }
      const places = shards * redundancy;
      const least = Math.floor(places / (members + 1));
      const excess = (moved - least) / places;
      rows.push(
        `${places} places, ${members} <-> ${members + 1} ingestors, redundancy ${redundancy}: ` +
          `${moved.toFixed(1)} move, at least ${least} must (${(100 * excess).toFixed(1)} % of all too many)`,
      );
      expect(moved).toBeGreaterThanOrEqual(least);
      expect(excess).toBeLessThan(0.15);
    }
    console.info(rows.join('\n'));
  });

  test('leaves the last shards unserved if there is no room for all', () => {
    const { owners, unserved, redundancy } = assignShards({
      shards: numbersTo(25),
      members: fleetOf(2, 'small', 10),
      redundancy: 2,
    });
    expect(redundancy).toBe(1);
    expect([...owners.keys()]).toEqual(numbersTo(20));
    expect(unserved).toEqual([20, 21, 22, 23, 24]);
    expect(loadsOf({ owners }, fleetOf(2, 'small', 10))).toEqual([10, 10]);
  });

  test('gives up redundancy before any shard', () => {
    const members = fleetOf(3, 'tight', 10);
    expect(assignShards({ shards: numbersTo(10), members, redundancy: 3 }).redundancy).toBe(3);
    expect(assignShards({ shards: numbersTo(11), members, redundancy: 3 }).redundancy).toBe(2);
    expect(assignShards({ shards: numbersTo(16), members, redundancy: 3 })).toMatchObject({
      redundancy: 1,
      unserved: [],
    });
  });

  test('never exceeds a capacity, and uses all room, if capacities differ', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 150 }),
        fc.integer({ min: 1, max: 4 }),
        (capacities, count, redundancy) => {
          const members = capacities.map((capacity, at) => ({ id: `uneven-${at}`, capacity }));
          const { owners, unserved } = assignShards({ shards: numbersTo(count), members, redundancy });
          const room = capacities.reduce((sum, capacity) => sum + capacity, 0);
          expect(unserved).toHaveLength(Math.max(0, count - room));
          expect([...owners.values()].filter((ids) => ids.length === 0)).toEqual([]);
          const loads = loadsOf({ owners }, members);
          expect(loads.filter((load, at) => load > (capacities[at] ?? 0))).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('serves nothing without members', () => {
    expect(assignShards({ shards: [3, 1], members: [], redundancy: 1 })).toEqual({
      owners: new Map(),
      redundancy: 0,
      unserved: [1, 3],
    });
  });
});

/** Any proportion of shards, members and redundancy; shard numbers have holes, as in a real plan. */
const fleets = fc.record({
  shards: fc
    .uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 })
    .map((numbers) => numbers.sort((a, b) => a - b)),
  members: fc
    .uniqueArray(fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((ids) => ids.map((id): Member => ({ id, capacity: 1_000 }))),
  redundancy: fc.integer({ min: 1, max: 5 }),
});

function fleetOf(count: number, name: string, capacity = 1_000): Member[] {
  return numbersTo(count).map((at) => ({ id: `${name}-${at}`, capacity }));
}

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

function loadsOf({ owners }: Pick<Assignment, 'owners'>, members: readonly Member[]): number[] {
  return members.map(({ id }) => [...owners.values()].filter((ids) => ids.includes(id)).length);
}

function newPlaces(before: Assignment, after: Assignment): number {
  let count = 0;
  for (const [shard, ids] of after.owners) {
    count += ids.filter((id) => !before.owners.get(shard)?.includes(id)).length;
  }
  return count;
}

const SIZES = [
  [25, 2, 1],
  [25, 3, 2],
  [100, 3, 1],
  [100, 9, 1],
  [100, 9, 2],
  [800, 3, 1],
  [800, 49, 1],
  [800, 49, 2],
] as const;
const DRAWS = 10;
