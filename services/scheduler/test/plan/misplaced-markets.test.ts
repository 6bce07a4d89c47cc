import type { IngestorPresence, Shard, ShardService } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { missingTokens } from '../../src/plan/ingestor-reports.ts';
import { MisplacedMarkets } from '../../src/plan/misplaced-markets.ts';
import { market, marketsFrom } from './plan-history.ts';

const limits = { askedMax: 100, booklessMax: 10, booklessMs: 600_000, movesMax: 10, restMs: 60_000 };

describe('the missing tokens', () => {
  const shards = new Map([[3, shard(marketsFrom(0, 2), { version: 5 })]]);

  test('of a shard are those that every ingestor misses that covers its present version', () => {
    const reports = [
      presence({ 3: { state: 'covered', version: 5, missing: ['2', '0', '1'] } }),
      presence({ 3: { state: 'covered', version: 5, missing: ['1', '2', '3'] } }),
    ];
    expect(missingTokens(reports, shards)).toEqual(new Map([[3, new Set(['1', '2'])]]));
  });

  test('of a shard are none if one of several ingestors gets all of them', () => {
    const bad = presence({ 3: { state: 'covered', version: 5, missing: ['0'] } });
    const good = presence({ 3: { state: 'covered', version: 5 } });
    for (const reports of [
      [bad, good],
      [good, bad],
      [bad, good, bad],
    ]) {
      expect(missingTokens(reports, shards).size).toBe(0);
    }
  });

  test('are those that the staying ingestors miss, but for what a leaving one still records', () => {
    const leaving = { ...presence({ 3: { state: 'covered', version: 5, missing: ['0'] } }), state: 'leaving' as const };
    const staying = presence({ 3: { state: 'covered', version: 5, missing: ['1'] } });
    expect(missingTokens([leaving], shards).size).toBe(0);
    expect(missingTokens([leaving, staying], shards).size).toBe(0);
    const releasing = { ...presence({ 3: { state: 'releasing', version: 5 } }), state: 'leaving' as const };
    expect(missingTokens([releasing, staying], shards).size).toBe(0);
    const lacksIt = { ...presence({ 3: { state: 'covered', version: 5, missing: ['1'] } }), state: 'leaving' as const };
    expect(missingTokens([lacksIt, staying], shards)).toEqual(new Map([[3, new Set(['1'])]]));
  });

  test('include those of a shard that is never covered because it lacks too many first books', () => {
    const opening = presence({ 3: { state: 'opening', version: 5, missing: ['0', '1'] } });
    expect(missingTokens([opening], shards)).toEqual(new Map([[3, new Set(['0', '1'])]]));
    const covering = presence({ 3: { state: 'covered', version: 5 } });
    expect(missingTokens([opening, covering], shards).size).toBe(0);
    const justOpening = presence({ 3: { state: 'opening', version: 5 } });
    expect(missingTokens([opening, justOpening], shards).size).toBe(1);
  });

  test.for<[string, Record<string, ShardService>]>([
    ['of one that is still opening', { 3: { state: 'opening', version: 5 } }],
    ['of an older version', { 3: { state: 'covered', version: 4, missing: ['0'] } }],
    ['of one that gets no book at all', { 3: { state: 'opening', version: 5, missing: ['0'], lacking: 'all' } }],
    ['of a shard that is not in the plan', { 4: { state: 'covered', version: 5, missing: ['0'] } }],
    ['of a token that is not in the shard', { 3: { state: 'covered', version: 5, missing: ['99'] } }],
  ])('do not include those of a report %s', ([, reported]) => {
    expect(missingTokens([presence(reported)], shards).size).toBe(0);
  });
});

describe('markets that their connection does not serve', () => {
  const shards = new Map([[0, shard(marketsFrom(0, 5))]]);
  const missing = new Map([[0, new Set(['6', '7', '9'])]]);

  test('are those with a missing token that has a book at the venue', () => {
    const markets = new MisplacedMarkets(limits);
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['6', '7', '9']);
    expect(markets.misplaced(missing, new Set(['6', '7', '9']), shards)).toEqual(
      new Map([
        [
          0,
          {
            version: 1,
            tokensServed: 7,
            markets: new Map([
              [id(3), new Set()],
              [id(4), new Set()],
            ]),
          },
        ],
      ]),
    );
  });

  test('are not those without a book at the venue, which keep their places and are not asked for again soon', () => {
    const markets = new MisplacedMarkets(limits);
    expect(markets.answered({ withBook: ['9'], without: ['6', '7'] }, 0)).toBe(2);
    expect(markets.bookless).toBe(2);
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['9']);
    expect(markets.misplaced(missing, new Set(['9']), shards)).toEqual(
      new Map([[0, { version: 1, tokensServed: 9, markets: new Map([[id(4), new Set()]]) }]]),
    );
  });

  test('include those that get their book late, because the venue is asked again much later', () => {
    const markets = new MisplacedMarkets(limits);
    markets.answered({ withBook: [], without: ['6', '7', '9'] }, 0);
    expect(markets.toAskFor(missing, shards, 599_999)).toEqual([]);
    expect(markets.toAskFor(missing, shards, 600_000)).toEqual(['6', '7', '9']);
    expect(markets.answered({ withBook: ['6'], without: ['7', '9'] }, 600_000)).toBe(0);
    expect(markets.bookless).toBe(2);
    expect(markets.toAskFor(missing, shards, 600_001)).toEqual(['6']);
  });

  test('are none if the venue could not be asked', () => {
    expect(new MisplacedMarkets(limits).misplaced(missing, new Set(), shards).size).toBe(0);
  });

  test('stay for a while where they were moved to', () => {
    const markets = new MisplacedMarkets(limits);
    markets.moved([{ conditionId: id(3), from: 8, to: 0 }], 1_000);
    expect(markets.toAskFor(missing, shards, 60_999)).toEqual(['9']);
    expect(markets.toAskFor(missing, shards, 61_000)).toEqual(['6', '7', '9']);
  });

  test('never return to a shard that they left while its target is lowered', () => {
    const markets = new MisplacedMarkets(limits);
    markets.moved([{ conditionId: id(4), from: 8, to: 9 }], 0);
    markets.moved([{ conditionId: id(4), from: 9, to: 0 }], 0);
    const barred = (others: [number, Shard][]) =>
      markets
        .misplaced(missing, new Set(['9']), new Map([...shards, ...others]))
        .get(0)
        ?.markets.get(id(4));
    const lowered = { ...shard(marketsFrom(20, 1)), tokensTarget: 2 };
    expect(
      barred([
        [8, lowered],
        [9, lowered],
      ]),
    ).toEqual(new Set([8, 9]));
    expect(
      barred([
        [8, lowered],
        [9, shard(marketsFrom(20, 1))],
      ]),
    ).toEqual(new Set([8]));
    expect(barred([])).toEqual(new Set());
  });

  test('are asked for in bounded numbers', () => {
    const markets = new MisplacedMarkets({ ...limits, askedMax: 2 });
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['6', '7']);
  });

  test('are forgotten when they leave the plan, as are tokens without a book', () => {
    const markets = new MisplacedMarkets(limits);
    markets.answered({ withBook: [], without: ['6', '99'] }, 0);
    markets.moved([{ conditionId: id(3), from: 8, to: 0 }], 0);
    markets.forgetOthersThan(shards);
    expect(markets.bookless).toBe(1);
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['9']); // 6 has no book, 7 stays with it
    markets.forgetOthersThan(new Map());
    expect(markets.bookless).toBe(0);
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['6', '7', '9']);
  });

  test('are remembered up to a maximum', () => {
    const markets = new MisplacedMarkets({ ...limits, booklessMax: 2, movesMax: 1 });
    markets.answered({ withBook: [], without: ['1', '2', '3'] }, 0);
    expect(markets.bookless).toBe(2);
    markets.moved(
      [3, 4].map((n) => ({ conditionId: id(n), from: 8, to: 0 })),
      0,
    );
    expect(markets.toAskFor(missing, shards, 0)).toEqual(['6', '7']); // the older move is forgotten
  });
});

function id(n: number): string {
  return market(n).conditionId;
}

function presence(shards: Record<string, ShardService>): IngestorPresence {
  return { startedAtMs: 0, state: 'active', capacity: 10, shards };
}

function shard(markets: ReturnType<typeof marketsFrom>, o: { version: number } = { version: 1 }): Shard {
  const tokens = markets.flatMap(({ conditionId, tokenIds }) => tokenIds.map((tokenId) => ({ tokenId, conditionId })));
  return { version: o.version, tokens };
}
