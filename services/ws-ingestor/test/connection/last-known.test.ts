import type { BookEvent, MarketEvent } from '@polytape/polymarket';
import { describe, expect, test } from 'vitest';
import { LastKnown } from '../../src/connection/last-known.ts';

const book = (tokenId: string, timestamp: number, size = '5'): BookEvent => ({
  type: 'book',
  conditionId: '0xab',
  tokenId,
  timestamp: String(timestamp),
  hash: null,
  bids: [{ price: '0.4', size }],
  asks: [],
  tickSize: '0.01',
  lastTradePrice: '0.4',
});
const change = (tokenId: string, timestamp: number): MarketEvent => ({
  type: 'priceChange',
  conditionId: '0xab',
  timestamp: String(timestamp),
  changes: [{ tokenId, price: '0.4', size: '7', side: 'BUY', hash: null, bestBid: null, bestAsk: null }],
});
const T = 1_700_000_000_000;

describe('the first book on a successor', () => {
  test('shows nothing new when the venue dates it no later than what the old connection had heard', () => {
    const known = new LastKnown();
    known.read(book('1', T));
    known.read(change('1', T + 50));
    expect(known.misses(book('1', T + 50, '7'))).toBe(false);
    expect(known.misses(book('1', T + 51, '7'))).toBe(true);
  });

  test('shows nothing new when its levels are those of the last book, whatever its date', () => {
    const known = new LastKnown();
    known.read(book('1', T));
    expect(known.misses(book('1', T + 9_000))).toBe(false);
    expect(known.misses(book('1', T + 9_000, '6'))).toBe(true);
    expect(known.misses(book('2', T + 9_000))).toBe(true);
  });

  test('is not compared with a book that is no longer the last word on its token', () => {
    const known = new LastKnown();
    known.read(book('1', T));
    known.read(book('2', T));
    known.read(change('1', T + 10));
    expect(known.misses(book('1', T + 9_000))).toBe(true);
    expect(known.misses(book('2', T + 9_000))).toBe(false);
  });

  test('is compared by date alone once frames were passed over; their dates count, also out of order', () => {
    const known = new LastKnown();
    known.read(book('1', T));
    for (const at of [T + 20, T + 22, T + 21]) known.passedOver(frame(at));
    expect(known.misses(book('1', T + 22, '7'))).toBe(false);
    expect(known.misses(book('1', T + 23))).toBe(true);
  });

  test('is compared with the last of any number of frames', () => {
    const known = new LastKnown();
    for (let at = 0; at < 1_000; at += 1) known.passedOver(frame(T + at));
    expect(known.misses(book('1', T + 999))).toBe(false);
    expect(known.misses(book('1', T + 1_000))).toBe(true);
  });

  test('is not excused by what was heard of other markets', () => {
    const known = new LastKnown();
    known.read({ ...announced, timestamp: String(T + 5_000) });
    expect(known.misses(book('1', T))).toBe(true);
  });
});

const frame = (timestamp: number) =>
  `{"market":"0xab","price_changes":[{"asset_id":"1","price":"0.4","size":"7","side":"BUY","hash":"","best_bid":"","best_ask":""}],"timestamp":"${timestamp}","event_type":"price_change"}`;

const announced: MarketEvent = {
  type: 'marketResolved',
  gammaId: '1',
  conditionId: '0xcd',
  tokenIds: [],
  winningTokenId: null,
  winningOutcome: null,
  event: null,
  tags: [],
  timestamp: '',
};
