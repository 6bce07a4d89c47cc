import { expect, test } from 'vitest';
import { observe, plannedMarket, planningRig } from './planning-rig.ts';

const limits = { tokensTarget: 4, tokensMax: 4, openAtTokens: 2, openAfterMs: 0, movesMax: 10 };

test('a new shard takes the time as its version, above those of an earlier plan', async () => {
  await using rig = await planningRig({ limits, markets: 1, clockMs: 1_700_000_000_000 });
  const shards = await rig.planned((seen) => seen.has(0));
  expect(shards.get(0)?.version).toBe(1_700_000_000_000);
});

test('a number that is used again continues from its last version, even if the clock stands still', async () => {
  await using rig = await planningRig({ limits, markets: 1, clockMs: 5 });
  await rig.planned((seen) => seen.get(0)?.version === 5);
  observe(rig.registry, plannedMarket(1));
  rig.keeper.marketsChanged();
  await rig.planned((seen) => seen.get(0)?.version === 6);
  for (const n of [0, 1]) observe(rig.registry, plannedMarket(n, { closed: true }));
  rig.keeper.marketsChanged();
  await rig.planned((seen) => seen.size === 0);
  observe(rig.registry, plannedMarket(2));
  rig.keeper.marketsChanged();
  const again = await rig.planned((seen) => seen.has(0));
  expect(again.get(0)?.version).toBe(7);
});
