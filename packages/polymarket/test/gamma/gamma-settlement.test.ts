import { describe, expect, test } from 'vitest';
import { readGammaMarket } from '../../src/gamma/gamma-market.ts';
import { readGammaSettlement } from '../../src/gamma/gamma-settlement.ts';
import { inferWinner } from '../../src/infer-winner.ts';
import { jsonSample } from '../json-sample.ts';

const { markets } = jsonSample<{ markets: Record<string, unknown>[] }>('gamma-settled.json');

function marketAt(index: number) {
  const read = readGammaMarket(markets[index]);
  if ('skipped' in read) throw new Error(read.skipped.reason);
  return read.market;
}

describe('Gamma’s settlement of a market', () => {
  test('is read with its evidence as received', () => {
    const raw = markets[1] ?? {};
    expect(readGammaSettlement(raw)).toEqual({
      closed: true,
      closedAtMs: Date.parse('2026-10-01T00:00:16Z'),
      umaEndAtMs: Date.parse('2026-10-01T00:00:16Z'),
      outcomePrices: ['0', '1'],
      umaResolutionStatus: 'settled',
      automaticallyResolved: false,
      marketType: null,
      raw: {
        closed: true,
        closedTime: '2026-10-01 00:00:16+00',
        umaEndDate: '2026-10-01T00:00:16Z',
        outcomes: '["Yes", "No"]',
        outcomePrices: '["0", "1"]',
        umaResolutionStatus: 'settled',
        umaResolutionStatuses: '["proposed", "disputed", "proposed"]',
      },
    });
  });

  test('may be in snake_case with native lists', () => {
    const snake = {
      closed: 'true',
      closed_time: '2026-10-01T00:00:16Z',
      outcome_prices: [0, 1],
      uma_resolution_status: 'RESOLVED',
      automatically_resolved: true,
    };
    expect(readGammaSettlement(snake)).toMatchObject({
      closed: true,
      closedAtMs: Date.parse('2026-10-01T00:00:16Z'),
      outcomePrices: ['0', '1'],
      umaResolutionStatus: 'resolved',
      automaticallyResolved: true,
      raw: { umaResolutionStatus: 'RESOLVED', outcomePrices: [0, 1] },
    });
  });

  test.each([undefined, null, 'market', 7, [], {}, { outcomePrices: {}, closed: 'maybe' }])(
    'is empty for %j',
    (raw) => {
      expect(readGammaSettlement(raw)).toMatchObject({
        closed: false,
        closedAtMs: null,
        outcomePrices: null,
        umaResolutionStatus: null,
        automaticallyResolved: false,
      });
    },
  );

  test('contains no text that a store would refuse', () => {
    expect(readGammaSettlement({ outcomes: ['a\0', 'b\ud800'], resolvedBy: '\0' }).raw).toEqual({
      outcomes: ['a\uFFFD', 'b\uFFFD'],
      resolvedBy: '\uFFFD',
    });
  });
});

describe('a closed market', () => {
  test.each([
    [0, 'win0'],
    [1, 'win1'],
    [2, undefined],
    [3, 'split'],
    [4, undefined],
    [5, undefined],
    [6, 'win1'],
  ])('of the samples, number %i, is settled as %s', (index, outcome) => {
    const { settlement, tokens } = marketAt(index);
    const found = inferWinner(settlement, [tokens[0].tokenId, tokens[1].tokenId]);
    expect(found?.outcome).toBe(outcome);
    const winner = outcome === 'win0' ? tokens[0].tokenId : outcome === 'win1' ? tokens[1].tokenId : null;
    expect(found?.winningTokenId ?? null).toBe(winner);
  });

  test('has its fees and figures as exact decimals', () => {
    expect(marketAt(0)).toMatchObject({
      questionId: markets[0]?.questionID,
      groupItemTitle: null,
      fees: { enabled: true, type: 'crypto_fees_v2', rate: '0.07', exponent: '1', takerOnly: true, rebateRate: '0.2' },
      volume: '79945.98',
      volume24h: '80139.75858699992',
      liquidity: '0',
    });
  });
});
