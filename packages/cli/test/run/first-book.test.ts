import type { ShardStatus } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { firstBookOf } from '../../src/run/first-book.ts';

const answer = {
  ...{ conditionId: '0xab', question: 'Will it rain?', shard: 3, isCovered: true },
  tokenIds: ['71', '72'] satisfies [string, string],
};

describe('the first book of a market', () => {
  test('has not arrived while the market waits for a place, or its shard is not covered', () => {
    const whole = [ingestor({ tokens: 10, covered: 10 })];
    expect(firstBookOf({ ...answer, shard: null }, whole)).toBe('not_yet');
    expect(firstBookOf({ ...answer, isCovered: false }, whole)).toBe('not_yet');
  });

  test('has arrived when a connection of its shard covers every token', () => {
    expect(firstBookOf(answer, [ingestor({ tokens: 10, covered: 10 })])).toBe('came');
    expect(firstBookOf(answer, [{ shards: [] }, ingestor({ tokens: 10, covered: 10 })])).toBe('came');
  });

  test('has arrived when only books of other markets are missing', () => {
    expect(firstBookOf(answer, [ingestor({ tokens: 10, covered: 9, missing: ['5'] })])).toBe('came');
  });

  test('is still awaited when a missing book may be one of its own', () => {
    expect(firstBookOf(answer, [ingestor({ tokens: 10, covered: 9 })])).toBe('not_yet');
    expect(firstBookOf(answer, [{ shards: [] }])).toBe('not_yet');
  });

  test('does not exist when every ingestor has given up on one of its tokens', () => {
    const inVain = ingestor({ tokens: 10, covered: 9, missing: ['72'] });
    expect(firstBookOf(answer, [inVain])).toBe('none');
    expect(firstBookOf(answer, [inVain, ingestor({ tokens: 10, covered: 8 })])).toBe('not_yet');
    expect(firstBookOf(answer, [inVain, ingestor({ tokens: 10, covered: 10 })])).toBe('came');
  });
});

function ingestor(o: { tokens: number; covered: number; missing?: string[] }): { shards: ShardStatus[] } {
  const connection = {
    connectionId: 'c',
    role: 'current' as const,
    openedAtMs: 0,
    framesPerSecond: 0,
    lastFrameAtMs: 0,
  };
  const { tokens, covered, missing = [] } = o;
  return {
    shards: [
      {
        shard: 3,
        state: 'covered',
        pollution: 0,
        reconnects: 0,
        missing,
        connections: [{ ...connection, tokens, covered }],
      },
    ],
  };
}
