import type { GammaMarket, MarketPage, SkippedMarket } from '@polytape/polymarket';
import { createLogger, type Logger } from '@polytape/service';
import { describe, expect, test } from 'vitest';
import { Discovery, shrinkDoubt } from '../../src/markets/discovery.ts';
import { MarketRegistry } from '../../src/markets/market-registry.ts';
import { newCounters } from '../../src/scheduler-counters.ts';
import { sampleMarket } from '../sample-market.ts';

const { signal } = new AbortController();

describe('a scan of the open markets', () => {
  test('publishes page by page, and asks whether the vanished markets are closed', async () => {
    const d = discovering();
    d.knows('0x1', '0x2', '0x3');
    d.planHas('0x9');
    d.lists(page('0x1'), page('0x4'));
    d.closed('0x3', '0x9');
    expect(await d.discovery.scan(signal)).toEqual({ items: 2, errors: 0 });
    expect(d.published).toEqual([['0x1'], ['0x4'], ['0x3', '0x9']]);
    expect(d.askedClosed).toEqual(['0x9', '0x2', '0x3']);
    expect(d.registry.stateOf('0x2')).toBe('open'); // the venue did not call it closed
    expect(d.registry.stateOf('0x3')).toBe('ended');
  });

  test('reads the next page while one is being published', async () => {
    const d = discovering();
    const secondAsked = Promise.withResolvers<void>();
    d.lists(page('0x1'), page('0x2'), page('0x3'));
    d.whenListed('0x2', secondAsked.resolve);
    d.publishesAfter(secondAsked.promise);
    expect(await d.discovery.scan(signal)).toEqual({ items: 3, errors: 0 });
    expect(d.published).toEqual([['0x1'], ['0x2'], ['0x3']]);
  });

  test('that lacks many known markets raises an alarm and ends none of them', async () => {
    const d = discovering({ shrinkPercentMax: 20 });
    const known = Array.from({ length: 100 }, (_, index) => `0x${(index + 1).toString(16)}`);
    d.knows(...known);
    d.closed(...known);
    d.lists(page(...known.slice(0, 79)));
    expect(await d.discovery.scan(signal)).toEqual({ items: 79, errors: 1 });
    expect(d.askedClosed).toEqual([]);
    expect(d.logged).toEqual([expect.stringMatching(/^error: .*it lacks 21 of 100 known markets.*Not treating/)]);
    expect(d.registry.counts()).toEqual({ open: 100, ended: 0 });

    d.lists(page(...known.slice(0, 80)));
    await d.discovery.scan(signal);
    expect(d.askedClosed).toHaveLength(20);
  });

  test('with an incomplete page ends no markets either', async () => {
    const d = discovering();
    d.knows('0x1', '0x2');
    d.closed('0x2');
    d.lists({ ...page('0x1'), doubt: 'an empty page in the middle of the list' });
    await d.discovery.scan(signal);
    expect(d.askedClosed).toEqual([]);
    expect(d.logged[0]).toMatch(/^error: .*an empty page/);
  });

  test('logs an unknown position system once, and placeholders not at all', async () => {
    const d = discovering();
    const odd = { kind: 'unsupported-version', reason: 'version "v3" is not supported' } as const;
    const placeholder = { kind: 'no-token-ids', reason: 'no token ids yet' } as const;
    d.lists({ ...page('0x1'), skipped: [odd, odd, placeholder].map(skipped) });
    expect(await d.discovery.scan(signal)).toEqual({ items: 1, errors: 2 });
    expect(d.logged.filter((words) => words.includes('not recorded'))).toEqual([
      'error: Skipped a Gamma market: version "v3" is not supported. It is not recorded.',
    ]);
    expect(d.counters.marketsSkipped).toBe(3);
  });

  test('counts as finished only at its end', async () => {
    const d = discovering();
    d.lists(page('0x1'));
    expect(d.discovery.hasScanned).toBe(false);
    await d.discovery.scan(signal);
    await d.discovery.scanned;
    expect(d.discovery.hasScanned).toBe(true);
  });
});

describe('a look at the newest markets', () => {
  test('ends with the second page that holds nothing new', async () => {
    const d = discovering();
    d.knows('0x1', '0x2', '0x3', '0x4');
    d.lists(page('0x7', '0x6'), page('0x5', '0x4'), page('0x3'), page('0x8', '0x2'), page('0x1'), page('0x9'));
    expect(await d.discovery.findNewest(signal)).toEqual({ items: 4, errors: 0 });
    expect(d.registry.stateOf('0x8')).toBe('open'); // Gamma listed it late
    expect(d.registry.stateOf('0x9')).toBe('unknown');
  });

  test('continues after a page of placeholders, but not forever', async () => {
    const d = discovering();
    d.knows('0x1', '0x2');
    d.lists({ ...page(), skipped: [skipped({ kind: 'no-token-ids', reason: 'no token ids yet' })] }, page('0x3'));
    expect(await d.discovery.findNewest(signal)).toEqual({ items: 1, errors: 0 });
    const endless = Array.from({ length: 50 }, (_, index) => page(`0xa${index}`));
    d.lists(...endless);
    expect(await d.discovery.findNewest(signal)).toEqual({ items: 20, errors: 0 });
  });
});

describe('the share of vanished markets', () => {
  test('casts doubt on a scan above the maximum, unless there are only a few', () => {
    expect(shrinkDoubt({ known: 100, vanished: 20, percentMax: 20 })).toBeNull();
    expect(shrinkDoubt({ known: 100, vanished: 21, percentMax: 20 })).toContain('21 of 100');
    expect(shrinkDoubt({ known: 19, vanished: 19, percentMax: 20 })).toBeNull();
    expect(shrinkDoubt({ known: 20, vanished: 20, percentMax: 20 })).toContain('20 of 20');
  });
});

/** A discovery whose Gamma lists what the test says, and a record of what it did. */
function discovering(o: { shrinkPercentMax?: number } = {}) {
  const registry = new MarketRegistry({ figuresIntervalMs: 0 });
  const counters = newCounters();
  const knows = ({ settlement: _, ...description }: GammaMarket) => void registry.observe(description, { nowMs: 0 });
  const published: string[][] = [];
  const askedClosed: string[] = [];
  const logged: string[] = [];
  const unknown: string[] = [];
  let pages: MarketPage[] = [];
  let onListed: (markets: readonly GammaMarket[]) => unknown = () => {};
  let mayPublish: Promise<void> = Promise.resolve();
  let closed: string[] = [];
  const logAs = (level: string) => (_fields: unknown, words: string) => void logged.push(`${level}: ${words}`);
  const log = Object.assign(Object.create(createLogger({ service: 'test', level: 'error' })) as Logger, {
    ...{ info: () => {}, debug: () => {}, warn: logAs('warn'), error: logAs('error') },
  });
  const list = async function* () {
    for (const one of pages) {
      onListed(one.markets);
      yield one;
    }
  };
  const discovery = new Discovery({
    ...{ registry, counters, log, shrinkPercentMax: o.shrinkPercentMax ?? 100 },
    gamma: {
      openMarkets: list,
      newestMarkets: list,
      closedMarketsOf: async (ids) => {
        askedClosed.push(...ids);
        return closed.filter((id) => ids.includes(id)).map((id) => sampleMarket(id, { closed: true }));
      },
    },
    marketLog: {
      publish: async (markets) => {
        await mayPublish;
        published.push(markets.map(({ conditionId }) => conditionId));
        for (const market of markets) knows(market);
      },
    },
    keeper: {
      marketsChanged: () => {},
      scanEnded: async () => {},
      unknownMarkets: () => new Map(unknown.map((id) => [id, []])),
    },
  });
  return {
    ...{ discovery, registry, counters, published, askedClosed, logged },
    knows: (...ids: string[]) => {
      for (const id of ids) knows(sampleMarket(id));
    },
    planHas: (...ids: string[]) => void unknown.push(...ids),
    whenListed: (id: string, act: () => void) => {
      onListed = (markets) => markets.some(({ conditionId }) => conditionId === id) && act();
    },
    publishesAfter: (event: Promise<void>) => {
      mayPublish = event;
    },
    lists: (...listed: MarketPage[]) => {
      pages = listed;
    },
    closed: (...ids: string[]) => {
      closed = ids;
    },
  };
}

function page(...ids: string[]): MarketPage {
  return { markets: ids.map((id) => sampleMarket(id)), skipped: [], doubt: null };
}

function skipped(o: Pick<SkippedMarket, 'kind' | 'reason'>): SkippedMarket {
  return { ...o, gammaId: '1', conditionId: null };
}
