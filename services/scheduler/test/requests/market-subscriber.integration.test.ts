import { type GammaMarket, VenueUnavailableError } from '@polytape/polymarket';
import { createLogger } from '@polytape/service';
import { putKey } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { MarketSubscriber } from '../../src/requests/market-subscriber.ts';
import { observe, plannedMarket, planningRig } from '../plan/planning-rig.ts';

const log = createLogger({ service: 'test', level: 'error' });
const limits = { tokensTarget: 8, tokensMax: 10, openAtTokens: 100, openAfterMs: 3_600_000, movesMax: 10 };
const [first, fresh, closed] = [plannedMarket(0), plannedMarket(7), plannedMarket(8, { closed: true })];

describe('an operator who asks for a market', () => {
  test.for<[string, string]>([
    ['token', first.tokens[1].tokenId],
    ['condition', first.conditionId],
    ['condition in capitals', first.conditionId.toUpperCase().replace('0X', '0x')],
    ['slug', ` ${first.slug} `],
  ])('by its %s that is planned is told where it is, and Gamma is not asked', async ([, name]) => {
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
  ])('by its %s that is not known has it asked for, published and planned at once', async ([, name]) => {
    await using s = await subscribing({ markets: 3 });
    expect(await s.ask(name)).toMatchObject({ conditionId: fresh.conditionId, shard: 0, isCovered: false });
    expect(s.published).toEqual([fresh.conditionId]);
    expect((await s.rig.shards.get('0'))?.value.tokens).toHaveLength(8);
    expect(await s.ask(name)).toMatchObject({ shard: 0 }); // once more changes nothing
    expect((await s.rig.shards.get('0'))?.value.version).toBe(2);
  });

  test('gets a place above the target as for an announced one, and is told when there is none', async () => {
    await using s = await subscribing({ markets: 4 });
    expect(await s.ask(fresh.slug)).toMatchObject({ shard: 0 });
    await using full = await subscribing({ markets: 4, limits: { ...limits, tokensMax: 8 } });
    expect(await full.ask(fresh.slug)).toMatchObject({ shard: null, isCovered: false });
  });

  test('is told that it is covered once an ingestor covers the shard with it', async () => {
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
    ['an unknown slug', { market: 'no-such-thing' }, /Gamma knows no market of the slug no-such-thing/],
    ['an unknown token', { market: '999' }, /Gamma knows no market of the token 999/],
    ['an unknown condition', { market: '0xabc' }, /Gamma knows no market of the condition 0xabc/],
    ['a closed market', { market: closed.slug }, /the market is closed: Will it rain on day 8/],
  ])('with %s is refused in words', async ([, request, words]) => {
    await using s = await subscribing({ markets: 1 });
    expect(await s.subscriber.answer(request)).toEqual({ refused: expect.stringMatching(words) });
    expect((await s.rig.shards.get('0'))?.value.version).toBe(1);
  });

  test('is refused while Gamma cannot be asked, with the reason', async () => {
    await using s = await subscribing({ markets: 1 });
    s.setAway(true);
    expect(await s.ask(fresh.slug)).toEqual({ refused: expect.stringMatching(/Gamma cannot be asked.*refused/) });
  });
});

async function subscribing(o: { markets: number; limits?: typeof limits }) {
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
    gamma: {
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
