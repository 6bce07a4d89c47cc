import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BookSnapshot,
  decodeBook,
  decodeFact,
  decodeMarket,
  decodePrice,
  decodeTrade,
  decodeUnparsed,
  MalformedMessageError,
  type Market,
  type MarketFact,
  type PriceSnapshot,
  type Trade,
  tradeContentHash,
  tradeId,
  type Unparsed,
} from '../../src/index.ts';

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

const price: PriceSnapshot = {
  conditionId: '0xab',
  tokenId: '12',
  intervalStartMs: 60_000,
  lastPrice: null,
  bestBid: '0.4',
  bestAsk: null,
  midpoint: null,
  volume24h: '12.5',
  seenAtMs: 61_000,
};
const book: BookSnapshot = {
  conditionId: '0xab',
  tokenId: '12',
  intervalStartMs: 300_000,
  exchangeAtMs: null,
  bids: [['0.4', '10']],
  asks: [],
  bestBid: '0.4',
  bestAsk: null,
  spread: null,
  midpoint: null,
  tickSize: '0.01',
  hash: null,
  hashMatches: null,
  seenAtMs: 301_000,
};
const DEEP = 'lists in lists: ';
const SPLIT = { outcome: 'split', winningTokenId: null };
const resolved = { state: 'resolved', step: 1, method: 'gamma', exchangeAtMs: null, seenAtMs: 5, settlement: null };
const facts: MarketFact[] = [
  {
    type: 'new_market',
    conditionId: '0xab',
    gammaId: '1',
    tokenIds: [],
    outcomes: [],
    question: null,
    slug: null,
    winningTokenId: null,
    winningOutcome: null,
    exchangeAtMs: 1,
    receivedAtUs: 1_000,
  },
  {
    type: 'tick_size_change',
    conditionId: '0xab',
    tokenId: '12',
    oldTickSize: null,
    newTickSize: '0.001',
    exchangeAtMs: 1,
    receivedAtUs: 1_000,
  },
  {
    type: 'resolution_resolved',
    conditionId: '0xab',
    step: 2,
    settlement: { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] },
    method: 'gamma',
    exchangeAtMs: null,
    seenAtMs: 5,
    evidence: { closed: true },
  },
  { type: 'market_changed', conditionId: '0xab', changed: ['closed'], market },
];

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : written(value));

/** Lists in lists, as a text that stands for them in a message: what is nested so deeply no recursion writes. */
function deep(depth: number): string {
  return `${DEEP}${depth}`;
}

function written(value: unknown): string {
  return JSON.stringify(value).replace(
    new RegExp(`"${DEEP}(\\d+)"`),
    (_all, depth) => '['.repeat(Number(depth)) + ']'.repeat(Number(depth)),
  );
}

describe('a message of the log', () => {
  test('gives back what was published', () => {
    expect(decodeTrade('pm.trade.0xab.12', bytes(trade))).toEqual(trade);
    expect(decodeMarket('pm.market.0xab', bytes(market))).toEqual(market);
    expect(decodeUnparsed('pm.unparsed.c', bytes(unparsed))).toEqual(unparsed);
    expect(decodePrice('pm.price.0xab.12', bytes(price))).toEqual(price);
    expect(decodeBook('pm.book.0xab.12', bytes(book))).toEqual(book);
    for (const fact of facts) expect(decodeFact(`pm.event.0xab.${fact.type}`, bytes(fact))).toEqual(fact);
  });

  test('that was published before documents had all their fields is a market with nulls for them', () => {
    const { groupItemTitle, questionId, fees, volume, volume24h, liquidity, resolution, ...old } = market;
    expect(decodeMarket('pm.market.0xab', bytes(old))).toEqual(market);
    expect(decodeFact('pm.event.0xab.market_changed', bytes({ ...facts[3], market: old }))).toEqual(facts[3]);
  });

  test.each([
    ['another subject', { ...price, tokenId: '13' }],
    ['no slot', { ...price, intervalStartMs: undefined }],
    ['a number for a bid', { ...price, bestBid: 0.4 }],
    ['nothing said of the midpoint', { ...price, midpoint: undefined }],
    ['a market that is none', { ...price, conditionId: '1' }],
  ])('that has %s is no price', (_what, body) => {
    expect(() => decodePrice('pm.price.0xab.12', bytes(body))).toThrow(MalformedMessageError);
  });

  test.each([
    ['another subject', { ...book, conditionId: '0xac' }],
    ['no asks', { ...book, asks: null }],
    ['a time that is none', { ...book, exchangeAtMs: 'now' }],
    ['a tick size that is a number', { ...book, tickSize: 0.01 }],
  ])('that has %s is no book', (_what, body) => {
    expect(() => decodeBook('pm.book.0xab.12', bytes(body))).toThrow(MalformedMessageError);
  });

  test.each([
    ['another type than its subject', 'new_market', facts[2]],
    ['a type that nobody knows', 'market_vanished', { ...facts[0], type: 'market_vanished' }],
    ['no time', 'new_market', { ...facts[0], exchangeAtMs: null }],
    ['tokens that are none', 'new_market', { ...facts[0], tokenIds: ['0xab', '12'] }],
    ['no list of outcomes', 'new_market', { ...facts[0], outcomes: undefined }],
    ['no token', 'tick_size_change', { ...facts[1], tokenId: undefined }],
    ['no number', 'resolution_resolved', { ...facts[2], step: 0 }],
    ['a number beyond all steps', 'resolution_resolved', { ...facts[2], step: 2 ** 31 }],
    ['payouts that are none', 'resolution_resolved', { ...facts[2], settlement: { ...SPLIT, payouts: ['all', '0'] } }],
    ['a winner nested without end', 'new_market', { ...facts[0], winningOutcome: deep(50_000) }],
    ['the document of another market', 'market_changed', { ...facts[3], market: { ...market, conditionId: '0xac' } }],
    ['no document', 'market_changed', { ...facts[3], market: null }],
    ['half a document', 'market_changed', { ...facts[3], market: { ...market, tokens: [] } }],
    ['no names of fields', 'market_changed', { ...facts[3], changed: 'closed' }],
  ])('that has %s is no fact', (_what, type, body) => {
    expect(() => decodeFact(`pm.event.0xab.${type}`, bytes(body))).toThrow(MalformedMessageError);
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
    ['the subject of another one', { ...market, conditionId: '0xac' }],
    ['a version that no integer holds', { ...market, version: 2 ** 31 }],
    ['no orders', { ...market, acceptingOrders: null }],
    ['a list for a risk', { ...market, negRisk: deep(7_000) }],
    ['fees nested without end', { ...market, fees: { enabled: deep(50_000) } }],
    ['a resolution that is none', { ...market, resolution: { ...resolved, state: 'maybe' } }],
    ['a resolution in no step', { ...market, resolution: { ...resolved, step: '1' } }],
    [
      'a resolution with payouts that are none',
      { ...market, resolution: { ...resolved, settlement: { outcome: 'win0' } } },
    ],
  ])('that has %s is no market', (_what, body) => {
    expect(() => decodeMarket('pm.market.0xab', bytes(body))).toThrow(MalformedMessageError);
  });

  test('that is any JSON at all is decoded or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        for (const decode of [decodeTrade, decodePrice, decodeBook, decodeMarket, decodeFact, decodeUnparsed]) {
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

  test('of a market with one field changed to anything is decoded or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...facts), fc.nat(20), fc.jsonValue(), (fact, place, value) => {
        const names = Object.keys(fact);
        const name = names[place % names.length] ?? '';
        try {
          decodeFact(`pm.event.0xab.${fact.type}`, bytes({ ...fact, [name]: value }));
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
