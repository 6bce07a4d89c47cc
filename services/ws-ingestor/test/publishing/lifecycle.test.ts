import type { MarketResolvedEvent } from '@polytape/polymarket';
import { describe, expect, test } from 'vitest';
import { lifecycleFromEvent } from '../../src/publishing/fact-from-event.ts';
import { lifecycleShards } from '../../src/recording/shard-recorders.ts';

const resolved: MarketResolvedEvent = {
  type: 'marketResolved',
  gammaId: '7',
  conditionId: '0xab',
  tokenIds: ['1', '2'],
  winningTokenId: '2',
  winningOutcome: 'No',
  timestamp: '1784578733812',
};

describe('the fact of a resolved market', () => {
  test('contains the winner and the venue’s time', () => {
    expect(lifecycleFromEvent(resolved, 5)).toEqual({
      type: 'market_resolved',
      conditionId: '0xab',
      gammaId: '7',
      tokenIds: ['1', '2'],
      outcomes: [],
      question: null,
      slug: null,
      winningTokenId: '2',
      winningOutcome: 'No',
      exchangeAtMs: 1_784_578_733_812,
      receivedAtUs: 5,
    });
  });
});

describe('the shards that receive new and resolved markets', () => {
  test('are those with the lowest numbers, whatever the order of the plan', () => {
    expect([...lifecycleShards([10, 2, 9, 1], 2)]).toEqual([1, 2]);
  });

  test('are all shards if the plan has no more, and none if the setting is 0', () => {
    expect([...lifecycleShards([3], 2)]).toEqual([3]);
    expect([...lifecycleShards([3, 4], 0)]).toEqual([]);
  });
});
