import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeTrade, type Trade } from '../../src/index.ts';

const digits = fc.nat().map(String);
const trades: fc.Arbitrary<Trade> = fc.record({
  tradeId: fc.nat(9).map((ordinal) => `0123456789abcdef-${ordinal}`),
  conditionId: fc.nat().map((n) => `0x${n.toString(16)}`),
  tokenId: digits,
  side: fc.constantFrom('BUY', 'SELL'),
  price: fc.nat().map((n) => `.${n}`),
  size: fc.tuple(digits, digits).map(([integer, fraction]) => `${integer}.${fraction}`),
  feeRateBps: fc.option(digits),
  transactionHash: fc.option(fc.constant(`0x${'ab'.repeat(32)}`)),
  exchangeAtMs: fc.nat(),
  receivedAtUs: fc.maxSafeNat(),
  source: fc.constantFrom('websocket', 'data_api'),
});

describe('an encoded trade', () => {
  test('is what JSON.stringify writes', () => {
    fc.assert(
      fc.property(trades, (trade) => {
        expect(encodeTrade(trade)).toBe(JSON.stringify(trade));
      }),
    );
  });
});
