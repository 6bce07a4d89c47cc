import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BookSnapshot,
  decodeBooks,
  decodeFact,
  decodeMarket,
  decodePrices,
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

const NOON_MS = Date.UTC(2026, 7, 14, 12);
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
  exchangeAtMs: NOON_MS,
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
  seenAtMs: NOON_MS,
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
  intervalStartMs: NOON_MS,
  lastPrice: null,
  bestBid: '0.4',
  bestAsk: null,
  midpoint: null,
  volume24h: '12.5',
  seenAtMs: NOON_MS + 1_000,
};
const book: BookSnapshot = {
  conditionId: '0xab',
  tokenId: '12',
  intervalStartMs: NOON_MS,
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
  seenAtMs: NOON_MS + 1_000,
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
    exchangeAtMs: NOON_MS,
    receivedAtUs: 1_000,
  },
  {
    type: 'tick_size_change',
    conditionId: '0xab',
    tokenId: '12',
    oldTickSize: null,
    newTickSize: '0.001',
    exchangeAtMs: NOON_MS,
    receivedAtUs: 1_000,
  },
  {
    type: 'resolution_resolved',
    conditionId: '0xab',
    step: 2,
    settlement: { outcome: 'split', winningTokenId: null, payouts: ['0.5', '0.5'] },
    method: 'gamma',
    exchangeAtMs: null,
    seenAtMs: NOON_MS,
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
  test('is decoded to what was published', () => {
    expect(decodeTrade('pm.trade.0xab.12', bytes(trade))).toEqual(trade);
    expect(decodeMarket('pm.market.0xab', bytes(market))).toEqual(market);
    expect(decodeUnparsed('pm.unparsed.c', bytes(unparsed))).toEqual(unparsed);
    expect(decodePrices('pm.price.ab', bytes({ snapshots: [price] }))).toEqual({ snapshots: [price], refused: null });
    expect(decodeBooks('pm.book.ab', bytes({ snapshots: [book] }))).toEqual({ snapshots: [book], refused: null });
    for (const fact of facts) expect(decodeFact(`pm.event.0xab.${fact.type}`, bytes(fact))).toEqual(fact);
  });

  test('is refused with the name and the value of the field, however deep the value is', () => {
    const refused = (fields: object) => () => decodeTrade('pm.trade.0xab.12', bytes({ ...trade, ...fields }));
    expect(refused({ price: 0.5 })).toThrow('the field price cannot be 0.5');
    expect(refused({ price: 'x'.repeat(1_000) })).toThrow(/^the field price cannot be "x{120}"$/);
    expect(refused({ size: undefined })).toThrow('the field size cannot be missing');
    expect(refused({ side: deep(50_000) })).toThrow('the field side cannot be this list');
    expect(refused({ tokenId: '13' })).toThrow('the body belongs on the subject pm.trade.0xab.13');
  });

  test('is refused when it is not UTF-8', () => {
    expect(() => decodeTrade('pm.trade.0xab.12', new Uint8Array([0x7b, 0xff, 0x7d]))).toThrow(MalformedMessageError);
  });

  test('is decoded or refused, never anything else, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        for (const decode of [decodeTrade, decodePrices, decodeBooks, decodeMarket, decodeFact, decodeUnparsed]) {
          try {
            decode('pm.trade.0xab.12', bytes(json));
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessageError);
          }
        }
      }),
    );
  });

  test('is decoded or refused, never anything else, when a field of a trade is changed to anything', () => {
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

  test('is decoded or refused, never anything else, when a field of a fact is changed to anything', () => {
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
});

describe('a trade', () => {
  test.each([
    ['is not JSON', 'garbage'],
    ['is a list', []],
    ['is nothing', null],
    ['is on the subject of another one', { ...trade, tokenId: '13' }],
    ['has a token id with a NUL', { ...trade, tokenId: '12\0' }],
    ['has a condition id with half a surrogate pair', { ...trade, conditionId: '0x\ud800' }],
    ['has a number for a price', { ...trade, price: 0.5 }],
    ['has a price with an exponent', { ...trade, price: '1e-3' }],
    ['has no size', { ...trade, size: undefined }],
    ['has an empty fee', { ...trade, feeRateBps: '' }],
    ['has a side of its own', { ...trade, side: 'HOLD' }],
    ['has a trade id of its own', { ...trade, tradeId: 'mine' }],
    ['has an ordinal that no smallint holds', { ...trade, tradeId: '0123456789abcdef-32768' }],
    ['has a hash that is not hex', { ...trade, transactionHash: '0xzz' }],
    ['has a hash with half a byte', { ...trade, transactionHash: '0xabc' }],
    ['has a hash of 65 bytes', { ...trade, transactionHash: `0x${'ab'.repeat(65)}` }],
    ['has text for a time', { ...trade, exchangeAtMs: 'now' }],
    ['has a time in seconds', { ...trade, exchangeAtMs: NOON_MS / 1_000 }],
    ['has a time in microseconds', { ...trade, exchangeAtMs: NOON_MS * 1_000 }],
    ['has a time with a fraction', { ...trade, exchangeAtMs: NOON_MS + 0.5 }],
    ['has a receive time beyond exactness', { ...trade, receivedAtUs: 2 ** 60 }],
    ['has a receive time below 0', { ...trade, receivedAtUs: -1 }],
    ['has a source of its own', { ...trade, source: 'rumour' }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodeTrade('pm.trade.0xab.12', bytes(body))).toThrow(MalformedMessageError);
  });
});

describe('a price', () => {
  test.each([
    ['is on the subject of another page', { ...price, conditionId: '0xac' }],
    ['has a token id that is none', { ...price, tokenId: '0x12' }],
    ['has no interval', { ...price, intervalStartMs: undefined }],
    ['has an interval in seconds', { ...price, intervalStartMs: NOON_MS / 1_000 }],
    ['has a number for a bid', { ...price, bestBid: 0.4 }],
    ['has a price below 0', { ...price, lastPrice: '-0.1' }],
    ['says nothing of the midpoint', { ...price, midpoint: undefined }],
    ['has no condition id', { ...price, conditionId: '1' }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodePrices('pm.price.ab', bytes({ snapshots: [body] }))).toThrow(MalformedMessageError);
  });
});

describe('a page of snapshots', () => {
  const pages = { price: decodePrices, book: decodeBooks };
  const good = { price, book };

  test.each(['price', 'book'] as const)('is decoded without its bad ones (%s), which come back as a page', (kind) => {
    const bad = [{ ...good[kind], bestBid: 0.4 }, null, { ...good[kind], conditionId: '0xac' }];
    const other = { ...good[kind], conditionId: '0x1ab', tokenId: '13' };
    const decoded = pages[kind](`pm.${kind}.ab`, bytes({ snapshots: [good[kind], ...bad, other] }));
    expect(decoded.snapshots).toEqual([good[kind], other]);
    expect(decoded.refused).toEqual({
      page: { snapshots: bad },
      reason: '3 of 5 snapshots: the field bestBid cannot be 0.4',
    });
  });

  test.each(['price', 'book'] as const)(
    'is also read in its old form, with one %s and its token in the subject',
    (kind) => {
      const decoded = pages[kind](`pm.${kind}.0xab.12`, bytes(good[kind]));
      expect(decoded).toEqual({ snapshots: [good[kind]], refused: null });
      expect(() => pages[kind](`pm.${kind}.0xab.13`, bytes(good[kind]))).toThrow(MalformedMessageError);
    },
  );

  test.each([
    ['has no list', {}],
    ['has an object for the list', { snapshots: {} }],
    ['has only bad ones', { snapshots: [null] }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodePrices('pm.price.ab', bytes(body))).toThrow(MalformedMessageError);
  });
});

describe('a book', () => {
  test.each([
    ['is on the subject of another page', { ...book, conditionId: '0xac' }],
    ['has no asks', { ...book, asks: null }],
    ['has a level of one number', { ...book, asks: [['0.5']] }],
    ['has levels of numbers', { ...book, asks: [[0.5, 1]] }],
    ['has a level of words', { ...book, bids: [['0.5', 'many\0']] }],
    ['has a tick size that is a number', { ...book, tickSize: 0.01 }],
    ['has a spread that is no number', { ...book, spread: '--1' }],
    ['has a hash that is too short', { ...book, hash: 'abcd' }],
    ['has a hash that is maybe right', { ...book, hashMatches: 'maybe' }],
    ['has text for a time', { ...book, exchangeAtMs: 'now' }],
    ['has a time beyond all time', { ...book, exchangeAtMs: 8.64e15 }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodeBooks('pm.book.ab', bytes({ snapshots: [body] }))).toThrow(MalformedMessageError);
  });
});

describe('a market', () => {
  const step = { ...resolved, settlement: { outcome: 'win0', winningTokenId: null } };
  test.each([
    ['has one token', { ...market, tokens: market.tokens.slice(0, 1) }],
    ['has a token without an outcome', { ...market, tokens: [{ tokenId: '1', outcomeIndex: 0 }, market.tokens[1]] }],
    ['has null for a token', { ...market, tokens: [null, market.tokens[1]] }],
    ['has a third outcome', { ...market, tokens: [{ ...market.tokens[0], outcomeIndex: 2 }, market.tokens[1]] }],
    ['has text for closed', { ...market, closed: 'yes' }],
    ['has no question', { ...market, question: undefined }],
    ['has a question that is an object', { ...market, question: { toString: 1 } }],
    ['has a tick size that is no decimal', { ...market, tickSize: 'fine' }],
    ['has text for a time', { ...market, endAtMs: 'soon' }],
    ['ends in the year 10000', { ...market, endAtMs: Date.UTC(10_000, 0, 1) }],
    ['began before there were years', { ...market, startAtMs: Date.parse('0001-01-01T00:00:00Z') - 1 }],
    ['is on the subject of another one', { ...market, conditionId: '0xac' }],
    ['has a version that no integer holds', { ...market, version: 2 ** 31 }],
    ['says nothing of orders', { ...market, acceptingOrders: null }],
    ['has a list for a risk', { ...market, negRisk: deep(7_000) }],
    ['says nothing of its fees', { ...market, fees: undefined }],
    ['has fees nested without end', { ...market, fees: { enabled: deep(50_000) } }],
    ['has an event without a title', { ...market, event: { id: '1', slug: 'a' } }],
    ['has a resolution in no state', { ...market, resolution: { ...resolved, state: 'maybe' } }],
    ['has a resolution in no step', { ...market, resolution: { ...resolved, step: '1' } }],
    ['has a resolution with payouts that are none', { ...market, resolution: step }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodeMarket('pm.market.0xab', bytes(body))).toThrow(MalformedMessageError);
  });

  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])('may end at %s', (endAt) => {
    const document = { ...market, endAtMs: Date.parse(endAt) };
    expect(decodeMarket('pm.market.0xab', bytes(document))).toEqual(document);
  });
});

describe('a fact', () => {
  test.each([
    ['is of another type than its subject', 'new_market', facts[2]],
    ['is of a type that nobody knows', 'market_vanished', { ...facts[0], type: 'market_vanished' }],
    ['has no time', 'new_market', { ...facts[0], exchangeAtMs: null }],
    ['has a winner nested without end', 'new_market', { ...facts[0], winningOutcome: deep(50_000) }],
    ['holds anything nested without end', 'new_market', { ...facts[0], more: deep(50_000) }],
    ['changes the tick size of no token', 'tick_size_change', { ...facts[1], tokenId: undefined }],
    ['is step 0', 'resolution_resolved', { ...facts[2], step: 0 }],
    ['is a step beyond all steps', 'resolution_resolved', { ...facts[2], step: 2 ** 31 }],
    ['is a step of no method', 'resolution_resolved', { ...facts[2], method: undefined }],
    ['is a step seen at no time', 'resolution_resolved', { ...facts[2], seenAtMs: 5 }],
    ['is a step without evidence', 'resolution_resolved', { ...facts[2], evidence: null }],
    [
      'has payouts that are none',
      'resolution_resolved',
      { ...facts[2], settlement: { ...SPLIT, payouts: ['1', 'x'] } },
    ],
    [
      'has a winner that is no token',
      'resolution_resolved',
      { ...facts[2], settlement: { ...SPLIT, winningTokenId: 'Yes', payouts: null } },
    ],
    [
      'has the document of another market',
      'market_changed',
      { ...facts[3], market: { ...market, conditionId: '0xac' } },
    ],
    ['has no document', 'market_changed', { ...facts[3], market: null }],
    ['has half a document', 'market_changed', { ...facts[3], market: { ...market, tokens: [] } }],
    ['has no names of fields', 'market_changed', { ...facts[3], changed: 'closed' }],
    ['has names of fields that are none', 'market_changed', { ...facts[3], changed: [1] }],
  ])('is refused when it %s', (_what, type, body) => {
    expect(() => decodeFact(`pm.event.0xab.${type}`, bytes(body))).toThrow(MalformedMessageError);
  });
});

describe('a record of something unparsed', () => {
  test.each([
    ['is of no connection', { ...unparsed, connectionId: 'a b' }],
    ['has half a hash', { ...unparsed, sha256: 'abc' }],
    ['is in another encoding', { ...unparsed, encoding: 'latin1' }],
    ['has a time beyond exactness', { ...unparsed, receivedAtUs: 2 ** 60 }],
  ])('is refused when it %s', (_what, body) => {
    expect(() => decodeUnparsed('pm.unparsed.c', bytes(body))).toThrow(MalformedMessageError);
  });
});
