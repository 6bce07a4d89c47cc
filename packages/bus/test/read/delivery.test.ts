import { describe, expect, test } from 'vitest';
import { readDelivery } from '../../src/read/delivery.ts';

describe('a delivery', () => {
  const expected = { streamSequence: 42, consumerSequence: 7, storedAtMs: 1_763_640_000_123, pending: 3 };

  test('is parsed from the short form', () => {
    expect(readDelivery('$JS.ACK.TRADES.reader.1.42.7.1763640000123456789.3')).toEqual(expected);
  });

  test('is parsed from the long form, with domain and account', () => {
    expect(readDelivery('$JS.ACK.hub.ABCDEF.TRADES.reader.1.42.7.1763640000123456789.3.token')).toEqual(expected);
  });

  test('has its time cut to the millisecond, never rounded into the next', () => {
    expect(readDelivery('$JS.ACK.TRADES.reader.1.42.7.1763640000123999999.3')?.storedAtMs).toBe(1_763_640_000_123);
  });

  test.for(['', '_INBOX.x.1', '$JS.ACK.TRADES', '$JS.ACK.TRADES.reader.1.x.7.1763640000123456789.3'])(
    'is not parsed from %j',
    (reply) => {
      expect(readDelivery(reply)).toBeNull();
    },
  );
});
