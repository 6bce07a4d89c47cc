import { expect, test } from 'vitest';
import { ConnectPace } from '../../src/recording/shard-recorders.ts';

test('connections that should open at once are spaced by the pace', () => {
  const pace = new ConnectPace({ paceMs: 100 });
  expect([pace.reserve(1_000), pace.reserve(1_000), pace.reserve(1_050)]).toEqual([1_000, 1_100, 1_200]);
  expect(pace.reserve(5_000)).toBe(5_000);
});

test('connections without a pace open at once', () => {
  const pace = new ConnectPace({ paceMs: 0 });
  expect([pace.reserve(7), pace.reserve(7)]).toEqual([7, 7]);
});
