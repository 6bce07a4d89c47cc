import type { Market, MarketResolution } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { type MarketDescription, MarketRegistry } from '../../src/markets/market-registry.ts';
import { sampleMarket } from '../sample-market.ts';

const { settlement: _settlement, ...sample } = sampleMarket('0xab');
const description: MarketDescription = { ...sample, startAtMs: 1, endAtMs: 2 };

const HOUR_MS = 60 * 60_000;
const newRegistry = () => new MarketRegistry({ figuresIntervalMs: 6 * HOUR_MS });
const at = (nowMs: number) => ({ nowMs });
const resolved: MarketResolution = {
  ...{ state: 'resolved', step: 1, method: 'gamma', exchangeAtMs: 5, seenAtMs: 6 },
  settlement: { outcome: 'win0', winningTokenId: '1', payouts: ['1', '0'] },
};

describe('a market registry', () => {
  test('publishes a new market as version 1, and nothing while it stays the same', () => {
    const registry = newRegistry();
    const market = { ...description, resolution: null, version: 1, seenAtMs: 10 };
    expect(registry.observe(description, at(10))).toEqual({ market, changed: [] });
    expect(registry.observe(structuredClone(description), at(20))).toBeNull();
  });

  test('names the fields that differ from the version before', () => {
    const registry = newRegistry();
    registry.observe(description, at(0));
    const next = { ...description, tags: ['weather', 'rain'], tickSize: '0.001', volume: '7' };
    expect(registry.observe(next, at(1))).toMatchObject({
      changed: ['tags', 'tickSize', 'volume'],
      market: { version: 2, volume: '7' },
    });
    expect(registry.observe(next, { nowMs: 2, resolution: resolved })).toMatchObject({ changed: ['resolution'] });
  });

  test('publishes no version for figures alone until the last one is hours old', () => {
    const registry = newRegistry();
    registry.observe(description, at(0));
    const busier = { ...description, volume: '10', volume24h: '9', liquidity: '8' };
    expect(registry.observe(busier, at(6 * HOUR_MS - 1))).toBeNull();
    expect(registry.volume24h('0xab')).toBe('9'); // known although unpublished
    expect(registry.observe(busier, at(6 * HOUR_MS))).toMatchObject({ market: { version: 2, volume: '10' } });
  });

  test('gives open, closed and open again three versions, where an id made from the content would lose the third', () => {
    const registry = newRegistry();
    const versions = [false, true, false].map(
      (closed) => registry.observe({ ...description, closed }, at(0))?.market.version,
    );
    expect(versions).toEqual([1, 2, 3]);
  });

  test('continues from the documents of an earlier run', () => {
    const registry = newRegistry();
    registry.remember({ ...description, resolution: resolved, version: 7, seenAtMs: 0 });
    expect(registry.observe(description, at(1))).toBeNull();
    expect(registry.observe({ ...description, question: 'Will it snow?' }, at(1))).toMatchObject({
      market: { version: 8, resolution: resolved },
    });
  });

  test('calls a market ended when the venue calls it closed, open until then, and unknown without a document', () => {
    const registry = newRegistry();
    registry.observe(description, at(0));
    registry.observe({ ...description, conditionId: '0xcd', closed: true }, at(0));
    expect([...registry.open()].map(({ conditionId }) => conditionId)).toEqual(['0xab']);
    expect([...registry.ended()].map(({ conditionId }) => conditionId)).toEqual(['0xcd']);
    expect(['0xab', '0xcd', '0xef'].map((id) => registry.stateOf(id))).toEqual(['open', 'ended', 'unknown']);
    expect(registry.counts()).toEqual({ open: 1, ended: 1 });
    registry.observe({ ...description, conditionId: '0xcd' }, at(0));
    expect(registry.counts()).toEqual({ open: 2, ended: 0 });
  });

  test('keeps only the id of an archived market, and refuses to observe it', () => {
    const registry = newRegistry();
    const closed = { ...description, closed: true, closedAtMs: 4 };
    registry.observe(closed, { nowMs: 6, resolution: resolved });
    registry.archive('0xab');
    expect(registry.stateOf('0xab')).toBe('ended');
    expect(registry.counts()).toEqual({ open: 0, ended: 1 });
    expect(registry.get('0xab')).toBeNull();
    expect([...registry.ended()]).toEqual([]);
    expect(() => registry.observe(description, at(7))).toThrow('archived');
  });

  test('restores an archived market when its document is remembered', () => {
    const registry = newRegistry();
    const closed = { ...description, closed: true, closedAtMs: 4 };
    const first = registry.observe(closed, { nowMs: 6, resolution: resolved })?.market as Market;
    registry.archive('0xab');
    registry.remember(first);
    expect(registry.observe({ ...closed, closed: false }, at(7))).toMatchObject({
      ...{ changed: ['closed'], market: { version: 2, resolution: resolved } },
    });
    expect(registry.counts()).toEqual({ open: 1, ended: 0 });
  });

  test('knows all closings up to the last one, or without any up to the oldest document', () => {
    const registry = newRegistry();
    expect(registry.closingsKnownUntilMs).toBeNull();
    registry.observe(description, at(50));
    registry.observe({ ...description, conditionId: '0xcd' }, at(60));
    expect(registry.closingsKnownUntilMs).toBe(50);
    registry.observe({ ...description, conditionId: '0xcd', closed: true, closedAtMs: 70 }, at(80));
    registry.archive('0xcd');
    expect(registry.closingsKnownUntilMs).toBe(70);
    // A closing in the future does not count: the list shows some earlier closings late.
    registry.observe({ ...description, closed: true, closedAtMs: 9_999 }, at(90));
    expect(registry.closingsKnownUntilMs).toBe(70);
  });
});
