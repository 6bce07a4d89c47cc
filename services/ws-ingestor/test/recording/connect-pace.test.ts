import { expect, test } from 'vitest';
import { ConnectPace } from '../../src/recording/shard-recorders.ts';

test('connections that want to be opened at once get their moments one after the other', () => {
  const pace = new ConnectPace({ paceMs: 100 });
  expect([pace.reserve(1_000), pace.reserve(1_000), pace.reserve(1_050)]).toEqual([1_000, 1_100, 1_200]);
  expect(pace.reserve(5_000)).toBe(5_000);
});

test('without a pace each gets its moment at once', () => {
  const pace = new ConnectPace({ paceMs: 0 });
  expect([pace.reserve(7), pace.reserve(7)]).toEqual([7, 7]);
});
