import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GammaMarket, readGammaMarket, type SkippedMarket } from '../../src/gamma/gamma-market.ts';

const page: { markets: Record<string, unknown>[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'samples', 'gamma-page.json'), 'utf8'),
);
const entry = (index: number) => page.markets[index] ?? {};
const plain = entry(0);
const secondSystem = entry(2);

function market(raw: unknown): GammaMarket {
  const read = readGammaMarket(raw);
  if ('skipped' in read) throw new Error(read.skipped.reason);
  return read.market;
}

function skipped(raw: unknown): SkippedMarket {
  const read = readGammaMarket(raw);
  if ('market' in read) throw new Error(`taken: ${read.market.question}`);
  return read.skipped;
}

const tokenIds = (raw: unknown) => market(raw).tokens.map(({ tokenId }) => tokenId);

describe('a market of Gamma', () => {
  test('is read with all fields that the recorder keeps', () => {
    const [first, second] = JSON.parse(String(plain.clobTokenIds));
    expect(market(plain)).toEqual({
      conditionId: plain.conditionId,
      gammaId: '3900000',
      question: 'Made-up question 0?',
      slug: 'made-up-0',
      protocol: 'v1',
      tokens: [
        { tokenId: first, outcome: 'Yes', outcomeIndex: 0 },
        { tokenId: second, outcome: 'No', outcomeIndex: 1 },
      ],
      event: { id: '77001', slug: 'on-air', title: 'On air' },
      groupItemTitle: null,
      questionId: null,
      category: null,
      tags: ['media'],
      active: true,
      closed: false,
      acceptingOrders: true,
      negRisk: false,
      tickSize: '0.001',
      sizeMin: '5',
      fees: null,
      volume: '12.5',
      volume24h: null,
      liquidity: null,
      startAtMs: Date.parse('2026-09-01T10:20:30.123Z'),
      endAtMs: Date.parse('2026-12-31T00:00:00Z'),
      closedAtMs: null,
      settlement: {
        closed: false,
        closedAtMs: null,
        askedAtMs: expect.any(Number),
        umaEndAtMs: null,
        outcomePrices: ['0.5', '0.5'],
        umaResolutionStatus: null,
        automaticallyResolved: false,
        marketType: null,
        raw: { closed: false, outcomes: '["Yes", "No"]', outcomePrices: '["0.5", "0.5"]' },
      },
    });
  });

  test('trades under clobTokenIds in version v1, even if it has positionIds', () => {
    const raw = entry(1);
    expect(raw).toMatchObject({ version: 'v1', positionIds: expect.any(Array) });
    expect(tokenIds(raw)).toEqual(JSON.parse(String(raw.clobTokenIds)));
    expect(market(raw).protocol).toBe('v1');
  });

  test('trades under positionIds in version v2, even if it has clobTokenIds', () => {
    expect(secondSystem).toMatchObject({ version: 'v2', clobTokenIds: expect.any(String) });
    expect(tokenIds(secondSystem)).toEqual(secondSystem.positionIds);
    expect(market(secondSystem)).toMatchObject({ protocol: 'v2', conditionId: secondSystem.conditionId });
    expect(market(secondSystem).conditionId).toHaveLength(64);
  });

  test('of version v2 has the short condition id, even if it is padded', () => {
    expect(market({ ...secondSystem, conditionId: `${secondSystem.conditionId}00` }).conditionId).toBe(
      secondSystem.conditionId,
    );
  });

  test('without a version is v1 if it has clobTokenIds', () => {
    for (const version of [undefined, null, '']) expect(market({ ...plain, version }).protocol).toBe('v1');
    expect(market({ ...plain, positionIds: secondSystem.positionIds }).protocol).toBe('v1');
  });

  test('without a version but with a condition id of the second system has no ids yet', () => {
    expect(skipped({ ...secondSystem, version: undefined })).toMatchObject({
      kind: 'no-token-ids',
      reason: 'no version and no token ids yet',
      gammaId: '3900002',
    });
  });

  test('may have native lists or lists as strings', () => {
    const raw = entry(3);
    expect(Array.isArray(raw.outcomes)).toBe(true);
    expect(market(raw).tokens.map(({ outcome }) => outcome)).toEqual(['Up', 'Down']);
    expect(tokenIds({ ...secondSystem, positionIds: JSON.stringify(secondSystem.positionIds) })).toEqual(
      secondSystem.positionIds,
    );
  });

  test('may be in snake_case', () => {
    expect(market(entry(11))).toMatchObject({
      conditionId: entry(11).condition_id,
      question: 'In snake case?',
      closed: true,
      acceptingOrders: false,
      negRisk: true,
      tickSize: '0.01',
      sizeMin: '5',
      endAtMs: Date.parse('2026-11-01T00:00:00Z'),
      closedAtMs: Date.parse('2026-11-01T00:00:16Z'),
    });
  });

  test.each([
    [4, 'no-condition-id', 'no condition id'],
    [5, 'no-token-ids', 'no clobTokenIds yet'],
    [6, 'not-binary', '3 outcomes, not two'],
    [7, 'unsupported-version', 'version "v3" of the position system is not supported'],
    [8, 'no-token-ids', 'no positionIds yet'],
    [9, 'unreadable', 'unreadable: clobTokenIds: Invalid input: expected array, received string'],
    [10, 'unreadable', 'unreadable: the entry: Invalid input: expected object, received string'],
  ])('of the samples, number %i, is skipped as %s', (index, kind, reason) => {
    const raw = page.markets[index];
    const gammaId = typeof raw === 'object' ? raw.id : null;
    expect(skipped(raw)).toMatchObject({ kind, reason, gammaId });
  });

  test.each([
    [{ clobTokenIds: ['1', '1'] }, 'not-binary'],
    [{ clobTokenIds: ['1'] }, 'not-binary'],
    [{ clobTokenIds: ['1', '2', '3'] }, 'not-binary'],
    [{ clobTokenIds: ['1', '0x2'] }, 'unreadable'],
    [{ clobTokenIds: [1, 2] }, 'unreadable'],
    [{ outcomes: null }, 'not-binary'],
    [{ conditionId: 'none' }, 'no-condition-id'],
    [{ conditionId: '0xABC' }, 'no-condition-id'],
    [{ version: 2 }, 'unsupported-version'],
    [{ version: {} }, 'unsupported-version'],
  ])('with %j is skipped as %s', (fields, kind) => {
    expect(skipped({ ...plain, ...fields }).kind).toBe(kind);
  });

  test('loses only the optional items that are malformed', () => {
    const odd = {
      tags: [null, 7, { label: 'Only a label' }, {}],
      events: 'none',
      question: null,
      slug: 12,
      startDate: 'soon',
      orderPriceMinTickSize: 'fine',
      orderMinSize: -1,
      negRisk: 'maybe',
      category: '',
    };
    expect(market({ ...plain, ...odd })).toMatchObject({
      tags: ['Only a label'],
      event: null,
      question: '',
      slug: '12',
      startAtMs: null,
      tickSize: null,
      sizeMin: null,
      negRisk: false,
      category: null,
    });
  });

  test('has one canonical text for each figure', () => {
    const figures = (fields: object) => {
      const { volumeNum: _, ...others } = plain;
      const { volume, volume24h, liquidity } = market({ ...others, ...fields });
      return [volume, volume24h, liquidity];
    };
    expect(figures({ volume: '1234.50', volume24hr: 1234.5, liquidity: '01234.5000' })).toEqual(
      Array(3).fill('1234.5'),
    );
    expect(figures({ volume: '1234.5', volumeNum: 1234.49, liquidityNum: 7 })).toEqual(['1234.5', null, '7']);
    expect(figures({ volume_num: 3, volume_24hr: 1e-7, liquidity_num: 1.5e21 })).toEqual([
      '3',
      '0.0000001',
      '1500000000000000000000',
    ]);
    expect(figures({ volume: -1, volume24hr: 'much', liquidity: null })).toEqual([null, null, null]);
    expect(figures({ volume: '9'.repeat(65), volume24hr: {}, liquidity: Number.NaN })).toEqual([null, null, null]);
  });

  test('has fees if the venue has fee fields', () => {
    const fees = (fields: object) => market({ ...plain, ...fields }).fees;
    const none = { type: null, rate: null, exponent: null, takerOnly: null, rebateRate: null };
    expect(fees({ makerBaseFee: 1000 })).toBeNull();
    expect(fees({ feesEnabled: false })).toEqual({ enabled: false, ...none });
    expect(fees({ feesEnabled: true, feeType: 'sports', feeSchedule: 'none' })).toEqual({
      enabled: true,
      ...none,
      type: 'sports',
    });
    expect(fees({ fee_schedule: { rate: '0.030', exponent: 2, taker_only: 'true', rebate_rate: 0.25 } })).toEqual({
      enabled: true,
      type: null,
      rate: '0.03',
      exponent: '2',
      takerOnly: true,
      rebateRate: '0.25',
    });
  });

  test('has its question id in either spelling, and its title within the event', () => {
    expect(market({ ...plain, questionID: '0xa1', groupItemTitle: 'June 30' })).toMatchObject({
      questionId: '0xa1',
      groupItemTitle: 'June 30',
    });
    expect(market({ ...plain, question_id: '0xa1', group_item_title: '' })).toMatchObject({
      questionId: '0xa1',
      groupItemTitle: null,
    });
  });

  test('contains no text that a store would refuse', () => {
    expect(market({ ...plain, question: 'a\0b\ud800c', outcomes: ['\0', 'No'] })).toMatchObject({
      question: 'a\uFFFDb\uFFFDc',
      tokens: [{ outcome: '\uFFFD' }, { outcome: 'No' }],
    });
  });

  test('fits into a NATS message, however long its texts and its list of tags are', () => {
    const long = '\u0001'.repeat(100_000);
    const texts = ['question', 'slug', 'category', 'groupItemTitle', 'questionID', 'feeType', 'resolutionSource'];
    const read = market({
      ...{ ...plain, ...Object.fromEntries(texts.map((name) => [name, long])), feesEnabled: true },
      ...{ outcomes: [long, `${long}2`], events: [{ id: long, slug: long, title: long }] },
      tags: Array.from({ length: 10_000 }, () => ({ slug: long })),
    });
    expect(read.question).toHaveLength(10_000);
    expect(read.question.endsWith('…')).toBe(true);
    expect(read.tags).toHaveLength(100);
    const { settlement, ...document } = read;
    for (const message of [document, settlement]) expect(JSON.stringify(message).length).toBeLessThan(1_000_000);
  });

  test('is always either read or skipped', () => {
    const spoilt = fc
      .tuple(
        fc.constantFrom(...page.markets.slice(0, 4)),
        fc.dictionary(fc.constantFrom(...Object.keys(plain), 'version', 'positionIds'), fc.jsonValue()),
      )
      .map(([raw, fields]) => ({ ...raw, ...fields }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), spoilt), (raw) => void readGammaMarket(raw)),
      { numRuns: 1_000 },
    );
  });
});
