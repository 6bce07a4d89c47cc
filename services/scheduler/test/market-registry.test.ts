import { describe, expect, test } from 'vitest';
import { type MarketDescription, MarketRegistry } from '../src/market-registry.ts';

const description: MarketDescription = {
  conditionId: '0xab',
  gammaId: '1',
  question: 'Will it rain?',
  slug: 'will-it-rain',
  protocol: 'v1',
  tokens: [
    { tokenId: '1', outcome: 'Yes', outcomeIndex: 0 },
    { tokenId: '2', outcome: 'No', outcomeIndex: 1 },
  ],
  event: null,
  groupItemTitle: null,
  questionId: null,
  fees: null,
  volume: null,
  volume24h: null,
  liquidity: null,
  category: null,
  tags: ['weather'],
  active: true,
  closed: false,
  acceptingOrders: true,
  negRisk: false,
  tickSize: '0.01',
  sizeMin: '5',
  startAtMs: 1,
  endAtMs: 2,
  closedAtMs: null,
};

describe('a market registry', () => {
  test('publishes the first sight of a market as version 1, and nothing while it stays the same', () => {
    const registry = new MarketRegistry();
    expect(registry.observe(description, 10)).toEqual({ ...description, resolution: null, version: 1, seenAtMs: 10 });
    expect(registry.observe(structuredClone(description), 20)).toBeNull();
  });

  test('gives open, closed, open again three versions: a content id would lose the third', () => {
    const registry = new MarketRegistry();
    const versions = [false, true, false].map((closed) => registry.observe({ ...description, closed }, 0)?.version);
    expect(versions).toEqual([1, 2, 3]);
  });

  test('goes on from the documents of an earlier run', () => {
    const registry = new MarketRegistry();
    registry.remember({ ...description, resolution: null, version: 7, seenAtMs: 0 });
    expect(registry.observe(description, 1)).toBeNull();
    expect(registry.observe({ ...description, question: 'Will it snow?' }, 1)?.version).toBe(8);
  });

  test('calls open what the venue has not called closed, ended what it has, and the rest unknown', () => {
    const registry = new MarketRegistry();
    registry.observe(description, 0);
    registry.observe({ ...description, conditionId: '0xcd', closed: true }, 0);
    expect([...registry.open()].map(({ conditionId }) => conditionId)).toEqual(['0xab']);
    expect(['0xab', '0xcd', '0xef'].map((id) => registry.stateOf(id))).toEqual(['open', 'ended', 'unknown']);
    expect(registry.counts()).toEqual({ open: 1, ended: 1 });
    registry.observe({ ...description, conditionId: '0xcd' }, 0);
    expect(registry.counts()).toEqual({ open: 2, ended: 0 });
  });
});
