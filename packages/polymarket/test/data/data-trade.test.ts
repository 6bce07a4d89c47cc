import { describe, expect, test } from 'vitest';
import { FieldError } from '../../src/channel/event-fields.ts';
import { readDataTrade } from '../../src/data/data-trade.ts';
import { jsonSample } from '../json-sample.ts';

const { v1, v2 } = jsonSample<Record<'v1' | 'v2', Record<string, unknown>>>('data-trades.json');

describe('a row of trades', () => {
  test('is read in the second version’s spelling', () => {
    expect(readDataTrade(v2)).toEqual({
      conditionId: v2.condition_id,
      tokenId: v2.token_id,
      side: 'SELL',
      price: '0.3408574',
      size: '12.5',
      exchangeAtMs: 1_789_000_500_000,
      transactionHash: v2.transaction_hash,
      outcome: 'Yes',
      outcomeIndex: null,
      wallet: v2.proxy_wallet,
    });
  });

  test('is read in the first version’s spelling', () => {
    expect(readDataTrade(v1)).toMatchObject({
      conditionId: v1.conditionId,
      tokenId: v1.asset,
      side: 'BUY',
      price: '0.9409999866691446',
      size: '3.000001',
      exchangeAtMs: 1_776_500_000_000,
      outcomeIndex: 1,
    });
  });

  test.each([
    { price: '' },
    { price: -0.1 },
    { size: null },
    { side: 'HOLD' },
    { timestamp: 1_789_000_500_000 },
    { timestamp: '1789000500' },
    { outcome_index: 2 },
    { token_id: 'x' },
    { condition_id: null },
    { transaction_hash: '0x1' },
  ])('with %j is refused', (fields) => {
    expect(() => readDataTrade({ ...v2, ...fields })).toThrow(FieldError);
  });
});
