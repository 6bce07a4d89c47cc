import { type Market, type Trade, tradeContentHash, tradeId, type Unparsed } from '@polytape/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMarket, decodeTrade, decodeUnparsed, MalformedMessageError } from '../src/decode-message.ts';

const trade: Trade = {
  tradeId: tradeId(
    tradeContentHash({ tokenId: '12', timestamp: '1', price: '0.5', size: '10', side: 'BUY', transactionHash: null }),
    0,
  ),
  conditionId: '0xab',
  tokenId: '12',
  side: 'BUY',
  price: '0.5',
  size: '10',
  feeRateBps: null,
  transactionHash: null,
  exchangeAtMs: 1,
  receivedAtUs: 1_000,
  source: 'websocket',
};
const market: Market = {
  conditionId: '0xab',
  version: 1,
  gammaId: '1',
  question: 'Will it rain?',
  slug: 'rain',
  protocol: 'v1',
  tokens: [
    { tokenId: '1', outcome: 'Yes', outcomeIndex: 0 },
    { tokenId: '2', outcome: 'No', outcomeIndex: 1 },
  ],
  event: null,
  groupItemTitle: null,
  questionId: null,
  fees: null,
  volume: null,
  volume24h: null,
  liquidity: null,
  resolution: null,
  category: null,
  tags: [],
  active: true,
  closed: false,
  acceptingOrders: true,
  negRisk: false,
  tickSize: '0.01',
  sizeMin: null,
  startAtMs: null,
  endAtMs: 5,
  closedAtMs: null,
  seenAtMs: 1,
};
const unparsed: Unparsed = {
  connectionId: 'c',
  counter: 0,
  receivedAtUs: 1,
  reason: 'not JSON',
  encoding: 'utf8',
  body: 'x',
  lengthBytes: 1,
  sha256: 'a'.repeat(64),
};

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

describe('a message of the log', () => {
  test('gives back what was published', () => {
    expect(decodeTrade('pm.trade.0xab.12', bytes(trade))).toEqual(trade);
    expect(decodeMarket('pm.market.0xab', bytes(market))).toEqual(market);
    expect(decodeUnparsed('pm.unparsed.c', bytes(unparsed))).toEqual(unparsed);
  });

  test.each([
    ['not JSON', 'garbage'],
    ['a list', []],
    ['nothing', null],
    ['another subject', { ...trade, tokenId: '13' }],
    ['a number for a price', { ...trade, price: 0.5 }],
    ['no size', { ...trade, size: undefined }],
    ['a side of its own', { ...trade, side: 'HOLD' }],
    ['an id of its own', { ...trade, tradeId: 'mine' }],
    ['a hash that is none', { ...trade, transactionHash: 'abc' }],
    ['a time that is none', { ...trade, exchangeAtMs: 'now' }],
    ['a time beyond exactness', { ...trade, receivedAtUs: 2 ** 60 }],
    ['a source of its own', { ...trade, source: 'rumour' }],
  ])('that is %s is no trade', (_what, body) => {
    expect(() => decodeTrade('pm.trade.0xab.12', bytes(body))).toThrow(MalformedMessageError);
  });

  test.each([
    ['one token', { ...market, tokens: market.tokens.slice(0, 1) }],
    ['a token without an outcome', { ...market, tokens: [{ tokenId: '1' }, market.tokens[1]] }],
    ['null for a token', { ...market, tokens: [null, market.tokens[1]] }],
    ['text for closed', { ...market, closed: 'yes' }],
    ['a tick size that is no decimal', { ...market, tickSize: 'fine' }],
    ['text for a time', { ...market, endAtMs: 'soon' }],
  ])('that has %s is no market', (_what, body) => {
    expect(() => decodeMarket('pm.market.0xab', bytes(body))).toThrow(MalformedMessageError);
  });

  test('that is any JSON at all is decoded or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        for (const decode of [decodeTrade, decodeMarket, decodeUnparsed]) {
          try {
            decode('pm.trade.0xab.12', bytes(json));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessageError);
          }
        }
      }),
    );
  });

  test('with one field changed to anything is decoded or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(trade)), fc.jsonValue(), (name, value) => {
        try {
          decodeTrade('pm.trade.0xab.12', bytes({ ...trade, [name]: value }));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
    );
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => decodeTrade('pm.trade.0xab.12', new Uint8Array([0x7b, 0xff, 0x7d]))).toThrow(MalformedMessageError);
  });
});
