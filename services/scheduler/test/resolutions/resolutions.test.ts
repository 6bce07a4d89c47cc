import type { MarketPage } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { expect, test } from 'vitest';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import { Resolutions } from '../../src/resolutions/resolutions.ts';
import { sampleMarket } from '../sample-market.ts';

const MINUTE_MS = 60_000;

test('a closing dated in the future does not hide closings that the list shows late', async () => {
  const nowMs = Date.now();
  const closed = (id: string, minutesAgo: number) =>
    sampleMarket(id, { closed: true, closedAtMs: nowMs - minutesAgo * MINUTE_MS });
  const registry = new MarketRegistry({ figuresIntervalMs: 0 });
  const { settlement: _, ...last } = closed('0x1', 10);
  registry.observe(last, { nowMs: nowMs - 9 * MINUTE_MS });
  let listed = [closed('0x2', -60), closed('0x1', 10), closed('0x0', 60)];
  const published: string[] = [];
  const gamma = {
    async *recentlyClosed(): AsyncGenerator<MarketPage> {
      yield { markets: listed, skipped: [], doubt: null };
    },
    openMarketsOf: async () => [],
    closedMarketsOf: async () => [],
  };
  const resolutions = new Resolutions({
    ...{ gamma, registry, data: { async *resolutions() {} } },
    marketLog: {
      publish: async (markets) => void published.push(...markets.map(({ conditionId }) => conditionId)),
      publishObservations: async () => {},
    },
    ...{ keeper: { marketsChanged: () => {} }, log: createLogger({ service: 'test', level: 'error' }) },
  });
  const { signal } = new AbortController();
  await resolutions.round(signal);
  listed = [closed('0x2', -60), closed('0x3', 5), closed('0x1', 10), closed('0x0', 60)];
  await resolutions.round(signal);
  expect(published).toContain('0x3');
  expect(published).not.toContain('0x0');
});
