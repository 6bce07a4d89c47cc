import { describe, expect, test } from 'vitest';
import { FieldError } from '../../src/channel/event-fields.ts';
import { readQuote } from '../../src/clob/quote.ts';

const quote = (sides: unknown, last?: unknown) => readQuote('111', { sides, last });

describe('a quote', () => {
  test('has a last price, both sides and the midpoint between them', () => {
    expect(quote({ BUY: '0.48', SELL: '0.490' }, { token_id: '111', price: '0.830', side: 'BUY' })).toEqual({
      tokenId: '111',
      lastPrice: '0.83',
      bestBid: '0.48',
      bestAsk: '0.49',
      midpoint: '0.485',
    });
  });

  test('accepts prices as JSON numbers, which the venue documents', () => {
    expect(quote({ BUY: 0.063, SELL: 0.068 })).toMatchObject({
      bestBid: '0.063',
      bestAsk: '0.068',
      midpoint: '0.0655',
    });
  });

  test.each([
    [{ BUY: '0', SELL: '1' }],
    [{ BUY: '0', SELL: '0' }],
    [{ BUY: '', SELL: '' }],
    [{ BUY: 0, SELL: 1 }],
    [{ BUY: '0.00', SELL: '1.0' }],
    [{ BUY: null }],
    [{}],
    [undefined],
  ])('has no bid, no ask and no midpoint for %j', (sides) => {
    expect(quote(sides)).toMatchObject({ bestBid: null, bestAsk: null, midpoint: null });
  });

  test('has one side if the other has no orders', () => {
    expect(quote({ BUY: '0', SELL: '0.01' })).toMatchObject({ bestBid: null, bestAsk: '0.01', midpoint: null });
    expect(quote({ BUY: '0.999', SELL: '1' })).toMatchObject({ bestBid: '0.999', bestAsk: null, midpoint: null });
  });

  test('has no last price for a token that was never traded', () => {
    expect(quote({}, { price: '0.5', side: '' }).lastPrice).toBeNull();
    expect(quote({}, undefined).lastPrice).toBeNull();
    expect(quote({}, { price: '0.5', side: 'SELL' }).lastPrice).toBe('0.5');
    expect(quote({}, { price: '0', side: 'SELL' }).lastPrice).toBe('0');
  });

  test('is refused if a price is malformed', () => {
    expect(() => quote({ BUY: 'much', SELL: '0.5' })).toThrow(new FieldError('BUY is "much", not a decimal string'));
    expect(() => quote({ BUY: '0.5', SELL: 1.5 })).toThrow(new FieldError('SELL is "1.5", not a price from 0 to 1'));
    expect(() => quote({ BUY: -0.5 })).toThrow(FieldError);
    expect(() => quote({}, { price: {}, side: 'BUY' })).toThrow(FieldError);
  });
});
