import type { DataResolution } from '@polytape/polymarket';
import type { MarketResolution } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { channelObservation, dataObservation, gammaObservation } from '../../src/resolutions/resolution-observation.ts';
import { sampleMarket, settledMarket } from '../sample-market.ts';

/** All times are a few seconds later. */
const T = Date.UTC(2026, 7, 14, 12);
const YEAR_MS = 365 * 24 * 60 * 60_000;
const resolved: MarketResolution = {
  ...{ state: 'resolved', step: 1, method: 'data_api', exchangeAtMs: T + 5_000, seenAtMs: T + 6_000 },
  settlement: { outcome: 'win0', winningTokenId: '11', payouts: ['1', '0'] },
};

describe('an observation of Gamma', () => {
  test('is a resolution with its evidence, dated by the closing', () => {
    expect(gammaObservation(settledMarket('0x1', ['1', '0'], T + 5_000), null, T + 9_000)).toEqual({
      ...{ conditionId: '0x1', method: 'gamma', state: 'resolved', exchangeAtMs: T + 5_000, seenAtMs: T + 9_000 },
      settlement: { outcome: 'win0', winningTokenId: '11', payouts: ['1', '0'] },
      evidence: { umaResolutionStatus: 'resolved', outcomePrices: '["1","0"]' },
    });
  });

  test('is a proposal or a dispute while the market is not settled, open or closed', () => {
    const of = (status: string | null, closed: boolean) =>
      gammaObservation(sampleMarket('0x1', { closed, settlement: { umaResolutionStatus: status } }), null, 0)?.state;
    expect(of('proposed', false)).toBe('proposed');
    expect(of('disputed', true)).toBe('disputed');
    expect(of('requested', true)).toBeUndefined();
    expect(of(null, true)).toBeUndefined();
    expect(of(null, false)).toBeUndefined();
  });

  test('is a reopening if the last document was closed', () => {
    const known = { closed: true, closedAtMs: T + 5_000, resolution: resolved };
    expect(gammaObservation(sampleMarket('0x1'), known, 0)?.state).toBe('reopened');
    expect(gammaObservation(sampleMarket('0x1'), { ...known, closed: false }, 0)).toBeNull();
  });

  test('is a reopening that nobody saw if the market closed again after its resolution', () => {
    const known = { closed: true, closedAtMs: T + 5_000, resolution: resolved };
    expect(gammaObservation(settledMarket('0x1', ['0', '1'], T + 6_001), known, 0)?.state).toBe('reopened');
    // The same closing with a more exact time.
    expect(gammaObservation(settledMarket('0x1', ['0', '1'], T + 5_500), known, 0)?.state).toBe('resolved');
    expect(
      gammaObservation(settledMarket('0x1', ['0', '1'], T + 6_001), { ...known, closedAtMs: T + 6_001 }, 0)?.state,
    ).toBe('resolved');
  });
});

describe('an observation of the Data API', () => {
  const row: DataResolution = {
    ...{ conditionId: '0x1', status: 'resolved', payouts: null, price: null },
    ...{ resolvedAtMs: T + 5_000, updatedAtMs: T + 7_000, raw: { status: 'resolved' } },
  };
  const market = sampleMarket('0x1');

  test('is taken from the row with payouts if there are several', () => {
    const rows = [
      { ...row, status: 'proposed' },
      { ...row, price: '0' },
      { ...row, payouts: ['1', '0'] as [string, string], raw: { payouts: [1_000_000, 0] } },
    ];
    for (const inAnyOrder of [rows, rows.toReversed()]) {
      expect(dataObservation(inAnyOrder, market, T + 9_000)).toMatchObject({
        ...{ method: 'data_api', state: 'resolved', exchangeAtMs: T + 5_000, evidence: { payouts: [1_000_000, 0] } },
        settlement: { outcome: 'win0' },
      });
    }
  });

  test('does not depend on the order of rows, even at equal times', () => {
    const payouts = (first: string, second: string) => ({ payouts: [first, second] as [string, string] });
    const rows = [
      ['disputed', { ...row, status: 'proposed' }, { ...row, status: 'disputed' }],
      [
        'proposed',
        { ...row, status: 'disputed' },
        { ...row, status: 'reproposed', updatedAtMs: (row.updatedAtMs ?? 0) + 1_000 },
      ],
      ['resolved', { ...row, ...payouts('1', '0') }, { ...row, ...payouts('0', '1') }],
    ] as const;
    for (const [state, one, other] of rows) {
      const observed = dataObservation([one, other], market, 9_000);
      expect(observed?.state).toBe(state);
      expect(dataObservation([other, one], market, 9_000)).toEqual(observed);
    }
  });

  test.each([
    ['proposed', 'proposed'],
    ['reproposed', 'proposed'],
    ['challenged', 'disputed'],
    ['disputed', 'disputed'],
    ['arbitration', 'disputed'],
    ['initialized', undefined],
    ['posed', undefined],
    ['active', undefined],
    ['resolved', undefined], // not settled without payouts and price
  ])('with status %s means %s', (status, state) => {
    expect(dataObservation([{ ...row, status }], market, 0)?.state).toBe(state);
  });

  test('is null without a row', () => {
    expect(dataObservation([], market, 0)).toBeNull();
  });
});

describe('an observation of the market channel', () => {
  const event = {
    conditionId: '0x1',
    winningOutcome: 'No',
    exchangeAtMs: T + 5_000,
    receivedAtUs: T * 1_000 + 5_250_900,
  };

  test('is a resolution if it names a token of the market, dated by the arrival of the frame', () => {
    expect(channelObservation({ ...event, winningTokenId: '12' }, sampleMarket('0x1'))).toEqual({
      ...{
        conditionId: '0x1',
        method: 'market_resolved',
        state: 'resolved',
        exchangeAtMs: T + 5_000,
        seenAtMs: T + 5_250,
      },
      settlement: { outcome: 'win1', winningTokenId: '12', payouts: ['0', '1'] },
      evidence: { winningTokenId: '12', winningOutcome: 'No', timestamp: `${T + 5_000}` },
    });
  });

  test('is null if it names no token, or one of another market', () => {
    expect(channelObservation({ ...event, winningTokenId: null }, sampleMarket('0x1'))).toBeNull();
    expect(channelObservation({ ...event, winningTokenId: '21' }, sampleMarket('0x1'))).toBeNull();
  });
});

test.each([0, T - 100 * YEAR_MS, T + 100 * YEAR_MS])('an implausible time, %d, counts as none', (oddMs) => {
  const odd = sampleMarket('0x1', { closed: true });
  const market = { ...settledMarket('0x1', ['1', '0'], oddMs) };
  market.settlement = { ...market.settlement, umaEndAtMs: oddMs };
  expect(gammaObservation(market, null, T)).toMatchObject({ state: 'resolved', exchangeAtMs: null });
  expect(
    gammaObservation({ ...market, settlement: { ...market.settlement, closedAtMs: T } }, null, T)?.exchangeAtMs,
  ).toBe(T);
  const row: DataResolution = {
    ...{ conditionId: '0x1', status: 'resolved', payouts: ['1', '0'], price: null },
    ...{ resolvedAtMs: oddMs, updatedAtMs: oddMs, raw: {} },
  };
  expect(dataObservation([row], odd, T)).toMatchObject({ state: 'resolved', exchangeAtMs: null });
  expect(dataObservation([{ ...row, status: 'disputed', payouts: null }], odd, T)).toMatchObject({
    exchangeAtMs: null,
  });
});
