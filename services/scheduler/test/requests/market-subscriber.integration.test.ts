import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GammaClient, type GammaMarket, VenueHttp, VenueUnavailableError } from '@polytape/polymarket';
import { silentLog } from '@polytape/resilience';
import { createLogger } from '@polytape/service';
import { putKey } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { MarketSubscriber, type MarketSubscriberOptions } from '../../src/requests/market-subscriber.ts';
import { observe, plannedMarket, planningRig } from '../plan/planning-rig.ts';

const log = createLogger({ service: 'test', level: 'error' });
const limits = { tokensTarget: 8, tokensMax: 10, openAtTokens: 100, openAfterMs: 3_600_000, movesMax: 10 };
const [first, fresh, closed] = [plannedMarket(0), plannedMarket(7), plannedMarket(8, { closed: true })];

describe.concurrent('a request for a market', () => {
  test.for<[string, string]>([
    ['token', first.tokens[1].tokenId],
    ['condition', first.conditionId],
    ['condition in capitals', first.conditionId.toUpperCase().replace('0X', '0x')],
    ['slug', ` ${first.slug} `],
  ])('by the %s of a planned one is answered with its shard, without asking Gamma', async ([, name]) => {
    await using s = await subscribing({ markets: 3 });
    expect(await s.ask(name)).toEqual({
      conditionId: first.conditionId,
      question: first.question,
      tokenIds: ['0', '1'],
      shard: 0,
      isCovered: false,
    });
    expect(s.asked).toEqual([]);
  });

  test.for<[string, string]>([
    ['token', fresh.tokens[0].tokenId],
    ['condition', fresh.conditionId],
    ['slug', fresh.slug],
  ])('by the %s of an unknown one has it published and planned at once', async ([, name]) => {
    await using s = await subscribing({ markets: 3 });
    expect(await s.ask(name)).toMatchObject({ conditionId: fresh.conditionId, shard: 0, isCovered: false });
    expect(s.published).toEqual([fresh.conditionId]);
    expect((await s.rig.shards.get('0'))?.value.tokens).toHaveLength(8);
    expect(await s.ask(name)).toMatchObject({ shard: 0 }); // a repetition changes nothing
    expect((await s.rig.shards.get('0'))?.value.version).toBe(2);
  });

  test('gets it a place above the target, like an announcement, or a new shard', async () => {
    await using s = await subscribing({ markets: 4 });
    expect(await s.ask(fresh.slug)).toMatchObject({ shard: 0 });
    await using full = await subscribing({ markets: 4, limits: { ...limits, tokensMax: 8 } });
    expect(await full.ask(fresh.slug)).toMatchObject({ shard: 1, isCovered: false });
  });

  test('reports the market as covered once an ingestor covers its shard', async () => {
    await using s = await subscribing({ markets: 3 });
    await s.ask(fresh.slug);
    const says = async (version: number) =>
      await putKey(s.rig.ingestors, 'host-1', {
        ...{ startedAtMs: 0, state: 'active', capacity: 10 },
        shards: { 0: { state: 'covered', version } },
      });
    await says(1);
    expect(await s.ask(fresh.slug)).toMatchObject({ isCovered: false });
    await says(2);
    expect(await s.ask(fresh.slug)).toMatchObject({ isCovered: true });
  });

  test.for<[string, unknown, RegExp]>([
    ['no request', null, /token id, a condition id/],
    ['a number', { market: 7 }, /token id, a condition id/],
    ['an address', { market: 'https://polymarket.com/event/rain' }, /token id, a condition id/],
    ['an unknown slug', { market: 'no-such-thing' }, /Gamma has no market with the slug no-such-thing/],
    ['an unknown token', { market: '999' }, /Gamma has no market with the token 999/],
    ['an unknown condition', { market: '0xabc' }, /Gamma has no market with the condition 0xabc/],
    ['a closed market', { market: closed.slug }, /the market is closed: Will it rain on day 8/],
  ])('with %s is refused with a reason', async ([, request, words]) => {
    await using s = await subscribing({ markets: 1 });
    expect(await s.subscriber.answer(request)).toEqual({ refused: expect.stringMatching(words) });
    expect((await s.rig.shards.get('0'))?.value.version).toBe(1);
  });

  test('is refused with the reason while Gamma cannot be asked', async () => {
    await using s = await subscribing({ markets: 1 });
    s.setAway(true);
    expect(await s.ask(fresh.slug)).toEqual({
      refused: expect.stringMatching(/cannot ask Gamma for the market now.*refused/),
    });
  });
});

describe.concurrent('a request for an unknown market is refused while Gamma is still being retried', () => {
  const http = () => new VenueHttp({ log: silentLog, triesMax: 1_000 });
  const unknown = { market: 'no-such-thing' };

  test('with the cause if it cannot be reached', async () => {
    const gone = await gammaServer();
    gone[Symbol.dispose]();
    await using s = await subscribing({ markets: 1, gamma: new GammaClient({ url: gone.url, http: http() }) });
    expect(await s.subscriber.answer(unknown)).toEqual({
      refused: expect.stringMatching(/^cannot ask Gamma for the market now: 127\.0\.0\.1:\d+ .*: connection refused$/),
    });
  });

  test('if it does not answer', async () => {
    using silent = await gammaServer();
    await using s = await subscribing({ markets: 1, gamma: new GammaClient({ url: silent.url, http: http() }) });
    expect(await s.subscriber.answer(unknown)).toEqual({
      refused: 'cannot ask Gamma for the market now: no answer within 5 s',
    });
  });
});

/** A server that accepts connections and never answers. */
async function gammaServer(): Promise<Disposable & { url: string }> {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function subscribing(o: { markets: number; limits?: typeof limits; gamma?: MarketSubscriberOptions['gamma'] }) {
  const rig = await planningRig({ limits: o.limits ?? limits, markets: o.markets });
  const asked: string[] = [];
  const published: string[] = [];
  let isAway = false;
  const documents = [fresh, closed];
  const find = (name: string, isMeant: (document: GammaMarket) => boolean) => {
    asked.push(name);
    if (isAway) throw new VenueUnavailableError({ host: 'gamma', path: '/markets' }, 'connection refused');
    return documents.find(isMeant) ?? null;
  };
  const named = (ids: readonly string[], isClosed: boolean) => {
    const found = find(String(ids), (document) => ids.includes(document.conditionId) && document.closed === isClosed);
    return found === null ? [] : [found];
  };
  const subscriber = new MarketSubscriber({
    ...{ registry: rig.registry, keeper: rig.keeper, plan: rig.plan, ingestors: rig.ingestors, log },
    signal: rig.signal,
    gamma: o.gamma ?? {
      trouble: null,
      openMarketsOf: async (ids) => named(ids, false),
      closedMarketsOf: async (ids) => named(ids, true),
      marketBySlug: async (slug) => find(slug, (document) => document.slug === slug),
      marketByToken: async (tokenId) =>
        find(tokenId, ({ tokens }) => tokens.some((token) => token.tokenId === tokenId)),
    },
    marketLog: {
      publish: async (markets) => {
        for (const description of markets) {
          published.push(description.conditionId);
          observe(rig.registry, description);
        }
      },
    },
  });
  return {
    ...{ rig, subscriber, asked, published },
    ask: (name: string) => subscriber.answer({ market: name }),
    setAway: (away: boolean) => {
      isAway = away;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
