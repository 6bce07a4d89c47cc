import type { LastTradePriceEvent } from '@polytape/polymarket';
import { OrdinalCounter, scanTrade, tradeSubject } from '@polytape/types';
import { describe, expect, test } from 'vitest';
import { tradeFromEvent } from '../../src/publishing/trade-from-event.ts';

const event: LastTradePriceEvent = {
  type: 'lastTradePrice',
  conditionId: '0xab',
  tokenId: '12',
  price: '.50',
  size: '216.216215',
  side: 'SELL',
  timestamp: '1784578733812',
  feeRateBps: '0',
  transactionHash: null,
};
const at = { receivedAtUs: 1_784_578_733_900_123, nowMs: 0 };
const newOrdinals = () => new OrdinalCounter({ windowMs: 1_000, contentsMax: 10 });

describe('a trade', () => {
  test('keeps price and size exactly as received', () => {
    expect(tradeFromEvent(event, newOrdinals(), at)).toMatchObject({
      conditionId: '0xab',
      tokenId: '12',
      price: '.50',
      size: '216.216215',
      side: 'SELL',
      feeRateBps: '0',
      transactionHash: null,
      exchangeAtMs: 1_784_578_733_812,
      receivedAtUs: at.receivedAtUs,
      source: 'websocket',
    });
  });

  test('is written as the writer reads it fastest', () => {
    const trade = tradeFromEvent(event, newOrdinals(), at);
    const body = new TextEncoder().encode(JSON.stringify(trade));
    expect(scanTrade(tradeSubject(trade), body)).not.toBeNull();
  });

  test('is numbered among the fills of its connection that look the same', () => {
    const ordinals = newOrdinals();
    const ids = [event, event, { ...event, price: '0.5' }, { ...event, side: 'BUY' as const }].map(
      (each) => tradeFromEvent(each, ordinals, at).tradeId,
    );
    expect(ids.map((id) => id.split('-')[1])).toEqual(['0', '1', '2', '0']);
    expect(new Set(ids).size).toBe(4);
  });
});
