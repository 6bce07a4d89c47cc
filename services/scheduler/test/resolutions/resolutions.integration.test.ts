import { DataClient, GammaClient, type GammaMarket, VenueHttp } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import type { Market, MarketFact } from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import { describe, expect, test } from 'vitest';
import { Discovery } from '../../src/markets/discovery.ts';
import { Resolutions } from '../../src/resolutions/resolutions.ts';
import { logBed } from '../markets/log-bed.ts';

const log = createLogger({ service: 'test', level: 'error' });

describe.concurrent('resolutions', () => {
  test('match the venue for winners, splits, voids, shares and disputes', async () => {
    await using v = await venueBed({ markets: 12 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const [win0, win1, split, void_, shares, disputed, onlyClosed, open] = v.venue
      .openMarketList()
      .map(({ conditionId }) => conditionId) as [string, string, string, string, string, string, string, string];
    const { life } = v.venue;
    life.resolve(win0, ['1', '0']);
    life.resolve(win1, ['0', '1']);
    life.resolve(split, ['0.5', '0.5']);
    life.resolve(void_, ['0', '0']);
    life.resolve(shares, ['0.25', '0.75']);
    life.endTrading(onlyClosed, ['0.9995', '0.0005']);
    life.propose(open, ['1', '0']);
    life.propose(disputed, ['1', '0']);
    await leader.scanAndRound();
    life.dispute(disputed);
    await leader.scanAndRound();
    life.resolve(disputed, ['0', '1']);
    await leader.settled();
    const documents = await v.documents();
    const of = (conditionId: string) => documents.get(conditionId)?.resolution;
    expect(of(onlyClosed)).toBeNull(); // a last price of 0.9995 is no winner
    expect(of(open)).toMatchObject({ state: 'proposed' });
    expect([win0, win1, split, void_, shares, disputed].map((id) => of(id)?.settlement?.outcome)).toEqual([
      'win0',
      'win1',
      'split',
      'unknown',
      'other',
      'win1',
    ]);
    expect(await v.differences()).toEqual([]);
    expect((await v.steps(disputed)).map(({ state }) => state)).toEqual(['proposed', 'disputed', 'resolved']);
  });

  test('of reopened markets follow them to their new end, even if nobody saw them open', async () => {
    await using v = await venueBed({ markets: 6 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const [seen, unseen] = v.venue.openMarketList().map(({ conditionId }) => conditionId) as [string, string];
    const { life } = v.venue;
    for (const market of [seen, unseen]) life.resolve(market, ['1', '0']);
    await leader.settled();
    v.passes(2_000); // Gamma's closing times are whole seconds
    for (const market of [seen, unseen]) life.reopen(market);
    life.resolve(unseen, ['0', '1']);
    await leader.scanAndRound();
    life.resolve(seen, ['0.5', '0.5']);
    await leader.settled();
    expect(await v.differences()).toEqual([]);
    for (const market of [seen, unseen]) {
      expect((await v.steps(market)).map(({ state }) => state)).toEqual(['resolved', 'reopened', 'resolved']);
    }
  });

  test('are not undone by an answer that was requested before the closing and arrives after it', async () => {
    await using v = await venueBed({ markets: 3 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const [closing = ''] = v.venue.openMarketList().map(({ conditionId }) => conditionId);
    const late = await v.openMarkets();
    v.venue.life.resolve(closing, ['1', '0']);
    await leader.settled();
    const known = leader.counters.marketsPublished;
    await leader.marketLog.publish(late, v.signal);
    expect(leader.counters.marketsPublished).toBe(known);
    expect((await v.documents()).get(closing)).toMatchObject({ closed: true, resolution: { state: 'resolved' } });
    expect((await v.steps(closing)).map(({ state }) => state)).toEqual(['resolved']);
  });

  test('include markets that closed before anybody saw them open', async () => {
    await using v = await venueBed({ markets: 3 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const opened = v.venue.openMarkets(1)[0]?.conditionId ?? '';
    v.venue.life.resolve(opened, ['1', '0']);
    await leader.settled();
    expect((await v.documents()).get(opened)).toMatchObject({ closed: true, resolution: { state: 'resolved' } });
  });

  test('come to the same end when leaders change in the middle', async () => {
    await using v = await venueBed({ markets: 30 });
    let leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const ids = v.venue.openMarketList().map(({ conditionId }) => conditionId);
    const { life } = v.venue;
    const ends: [string, string][] = [
      ['1', '0'],
      ['0', '1'],
      ['0.5', '0.5'],
      ['0', '0'],
    ];
    for (const [index, id] of ids.entries()) {
      if (index % 3 === 0) life.propose(id, ['1', '0']);
      if (index % 6 === 0) life.dispute(id);
      life.resolve(id, ends[index % ends.length] ?? ['1', '0']);
      if (index % 5 === 0) {
        // The old leader is killed in the middle of its round, between steps, changes and documents.
        leader.killAfter({ messages: 1 + (index % 4) });
        await leader.resolutions.round(leader.dying).catch(() => {});
        leader = await v.leads();
      }
    }
    await leader.settled();
    expect(await v.differences()).toEqual([]);
    const steps = await v.allSteps();
    const numbered = new Set(steps.map(({ conditionId, step }) => `${conditionId} ${step}`));
    expect(numbered.size).toBe(steps.length); // no step twice
  });

  test('are requested from Gamma however long ago the market closed', async () => {
    await using v = await venueBed({ markets: 4 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const [old = ''] = v.venue.openMarketList().map(({ conditionId }) => conditionId);
    v.passes(-60 * 60_000); // the list of recent closings does not reach back to it
    v.venue.life.endTrading(old, ['0.9995', '0.0005']);
    v.passes(60 * 60_000);
    await leader.settled();
    v.venue.life.resolve(old, ['1', '0']);
    v.venue.rest.answerBadly({ host: 'data', answer: '403' });
    await expect(leader.resolutions.round(v.signal)).rejects.toThrow('refused');
    expect((await v.documents()).get(old)?.resolution).toMatchObject({
      ...{ method: 'gamma', settlement: { outcome: 'win0' } },
    });
  });

  test('continue with the other source when one fails, and the run still counts as failed', async () => {
    await using v = await venueBed({ markets: 4 });
    const leader = await v.leads();
    await leader.discovery.scan(v.signal);
    const [closed = '', id = ''] = v.venue.openMarketList().map(({ conditionId }) => conditionId);
    v.venue.life.endTrading(closed, ['0.9995', '0.0005']);
    await leader.settled();
    v.venue.life.resolve(closed, ['0', '1']);
    v.venue.rest.answerBadly({ host: 'gamma', answer: '403' });
    await expect(leader.resolutions.round(v.signal)).rejects.toThrow('refused');
    expect((await v.documents()).get(closed)?.resolution).toMatchObject({
      ...{ method: 'data_api', settlement: { outcome: 'win1' } },
    });
    v.venue.rest.answerRightly();
    v.venue.life.resolve(id, ['1', '0']);
    v.venue.rest.answerBadly({ host: 'data', answer: '403' });
    await expect(leader.resolutions.round(v.signal)).rejects.toThrow('refused');
    expect((await v.documents()).get(id)?.resolution).toMatchObject({
      method: 'gamma',
      settlement: { outcome: 'win0' },
    });
    v.venue.rest.answerRightly();
    await leader.settled();
    expect(leader.registry.get(id)).toBeNull(); // the Data API agreed: it is archived
  });
});

/** A venue where nothing happens by itself, a log, and leaders that follow the venue. */
async function venueBed(o: { markets: number }) {
  await using resources = new AsyncDisposableStack();
  const bed = resources.use(await logBed());
  const quiet = { tradesPerSecond: 0, openPerMinute: 0, closePerMinute: 0, oddMarkets: 0, dataLagMs: 0 };
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const venue = resources.use(await VenueSim.start({ ...quiet, ...o, trading: false, gammaFiguresAgeMs: 0, clock }));
  const owned = resources.move();
  const { signal } = bed;
  const http = new VenueHttp({ log, triesMax: 1 });
  const gamma = new GammaClient({ url: venue.urls.gamma, http });
  const data = new DataClient({ url: venue.urls.data, http });

  async function leads() {
    const leader = await bed.leader({ gamma });
    const keeper = { marketsChanged: () => {}, unknownMarkets: () => new Map(), scanEnded: async () => {} };
    const parts = { ...leader, gamma, data, keeper, shrinkPercentMax: 100 };
    const discovery = new Discovery(parts);
    const resolutions = new Resolutions(parts);
    const dying = new AbortController();
    const scanAndRound = async () => {
      await discovery.scan(signal);
      await resolutions.round(signal);
    };
    return {
      ...{ ...leader, discovery, resolutions, scanAndRound, dying: AbortSignal.any([signal, dying.signal]) },
      killAfter: ({ messages }: { messages: number }) => {
        let left = messages;
        for (const publisher of Object.values(leader.publishers)) {
          const publish = publisher.publish.bind(publisher);
          publisher.publish = (message) => {
            if (left <= 0) return; // a dead leader sends nothing
            publish(message);
            left -= 1;
            if (left > 0) return;
            leader.term.end('it was killed by the test');
            dying.abort(new Error('it was killed by the test'));
          };
        }
      },
      /** Runs rounds until two in a row change nothing. */
      settled: async () => {
        for (let quietRounds = 0; quietRounds < 2; ) {
          const before = leader.counters.marketsPublished;
          await scanAndRound();
          quietRounds = leader.counters.marketsPublished === before ? quietRounds + 1 : 0;
        }
      },
    };
  }

  async function documents(): Promise<Map<string, Market>> {
    return new Map((await bed.stored<Market>('MARKETS')).map((market) => [market.conditionId, market]));
  }

  async function allSteps() {
    const facts = await bed.stored<MarketFact>('EVENTS');
    return facts.flatMap((fact) =>
      'step' in fact
        ? { conditionId: fact.conditionId, step: fact.step, state: fact.type.replace('resolution_', '') }
        : [],
    );
  }

  return {
    ...{ venue, signal, leads, documents, allSteps },
    openMarkets: async () => {
      const found: GammaMarket[] = [];
      for await (const { markets } of gamma.openMarkets(signal)) found.push(...markets);
      return found;
    },
    /** Advances the venue's clock relative to ours. */
    passes: (ms: number) => {
      aheadMs += ms;
    },
    steps: async (conditionId: string) => (await allSteps()).filter((step) => step.conditionId === conditionId),
    /** Markets whose documents disagree with the venue's resolution. */
    differences: async () => {
      const ours = await documents();
      return venue.life.truth().flatMap(({ conditionId, outcome, winningTokenId, payouts }) => {
        const settlement = ours.get(conditionId)?.resolution?.settlement ?? null;
        const truth = outcome === null ? null : { outcome, winningTokenId, payouts };
        return JSON.stringify(settlement) === JSON.stringify(truth) ? [] : { conditionId, settlement, truth };
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
