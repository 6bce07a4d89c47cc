import type { BookEvent, MarketEvent } from '@polytape/polymarket';
import { describe, expect, test } from 'vitest';
import { LastHeard } from '../../src/connection/last-heard.ts';

const book = (tokenId: string, timestamp: number): BookEvent => ({
  type: 'book',
  conditionId: '0xab',
  tokenId,
  timestamp: String(timestamp),
  hash: null,
  bids: [{ price: '0.4', size: '5' }],
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
  test('shows a change only if its date is later than everything that the old connection received', () => {
    const heard = new LastHeard();
    heard.parsed(book('1', T));
    heard.parsed(change('1', T + 50));
    expect(heard.misses(book('1', T + 50))).toBe(false);
    expect(heard.misses(book('1', T + 51))).toBe(true);
  });

  test('is also compared with frames that were not parsed, in whatever order their dates are', () => {
    const heard = new LastHeard();
    heard.parsed(book('1', T));
    for (const at of [T + 20, T + 22, T + 21]) heard.passedOver(Buffer.from(frame(at)));
    expect(heard.misses(book('1', T + 22))).toBe(false);
    expect(heard.misses(book('1', T + 23))).toBe(true);
  });

  test('is compared with the last of any number of frames that were not parsed', () => {
    const heard = new LastHeard();
    for (let at = 0; at < 1_000; at += 1) heard.passedOver(Buffer.from(frame(T + at)));
    expect(heard.misses(book('1', T + 999))).toBe(false);
    expect(heard.misses(book('1', T + 1_000))).toBe(true);
  });

  test('is not compared with events of other markets', () => {
    const heard = new LastHeard();
    heard.parsed({ ...announced, timestamp: String(T + 5_000) });
    expect(heard.misses(book('1', T))).toBe(true);
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
  timestamp: '',
};
