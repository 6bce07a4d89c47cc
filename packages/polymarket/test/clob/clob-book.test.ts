import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldError } from '../../src/channel/event-fields.ts';
import { readClobBook } from '../../src/clob/clob-book.ts';
import { jsonSample } from '../json-sample.ts';

type RawBook = Record<string, unknown> & { bids: object[]; asks: object[] };
const books = jsonSample<RawBook[]>('clob-books.json');
const sample = (index: number) => books[index] ?? ({} as RawBook);
const first = sample(0);

describe('a book', () => {
  test('has its best levels first, a midpoint and a spread', () => {
    expect(readClobBook(first)).toEqual({
      conditionId: first.market,
      tokenId: first.asset_id,
      exchangeAtMs: 1_789_000_000_123,
      bids: [
        ['0.315', '12'],
        ['0.31', '77.125'],
        ['0.02', '310'],
        ['0.001', '9120.5'],
      ],
      asks: [
        ['0.321', '150'],
        ['0.33', '20.01'],
        ['0.4', '65.5'],
        ['0.999', '8000'],
      ],
      bestBid: '0.315',
      bestAsk: '0.321',
      spread: '0.006',
      midpoint: '0.318',
      tickSize: '0.001',
      hash: first.hash,
      hashMatches: true,
    });
  });

  test('has neither spread nor midpoint with an empty side', () => {
    expect(readClobBook(sample(1))).toMatchObject({
      bids: [],
      bestBid: null,
      bestAsk: '0.07',
      spread: null,
      midpoint: null,
      hashMatches: true,
    });
    expect(readClobBook(sample(2))).toMatchObject({
      bids: [],
      asks: [],
      bestBid: null,
      bestAsk: null,
      hashMatches: true,
    });
  });

  test('says whether its hash matches what was received', () => {
    expect(readClobBook(sample(3)).hashMatches).toBe(false);
    for (const change of [{ tick_size: '0.01' }, { neg_risk: false }, { timestamp: '1789000000124' }]) {
      expect(readClobBook({ ...first, ...change }).hashMatches).toBe(false);
    }
    expect(readClobBook({ ...first, bids: [...first.bids].reverse() }).hashMatches).toBe(false);
    expect(readClobBook({ ...first, hash: undefined })).toMatchObject({ hash: null, hashMatches: null });
  });

  test.each(['sha256:abc', 'f'.repeat(64), `${'a'.repeat(39)}g`, 7, {}])(
    'with a hash that is not a sha1 (%j) is read without one, and does not match',
    (hash) => {
      expect(readClobBook({ ...first, hash })).toMatchObject({ hash: null, hashMatches: false });
    },
  );

  test('has its hash in lower case', () => {
    const hash = String(first.hash);
    expect(readClobBook({ ...first, hash: hash.toUpperCase() })).toMatchObject({ hash, hashMatches: true });
  });

  test('does not depend on the order of its levels', () => {
    const { hashMatches: _, ...expected } = readClobBook(first);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(first.bids, { minLength: 4 }),
        fc.shuffledSubarray(first.asks, { minLength: 4 }),
        (bids, asks) => {
          const { hashMatches: _, ...book } = readClobBook({ ...first, bids, asks });
          expect(book).toEqual(expected);
        },
      ),
    );
  });

  test('is sorted by number and not by text', () => {
    // The third is below the first, though both are the same floating-point number.
    const side = ['.5', '0.06', '0.499999999999999999999', '0.1'].map((price) => ({ price, size: '1' }));
    const falling = ['.5', '0.499999999999999999999', '0.1', '0.06'];
    expect(readClobBook({ ...first, bids: side }).bids.map(([price]) => price)).toEqual(falling);
    expect(readClobBook({ ...first, asks: side }).asks.map(([price]) => price)).toEqual(falling.toReversed());
  });

  test('may be crossed for a moment', () => {
    const crossed = { ...first, bids: [{ price: '0.6', size: '1' }], asks: [{ price: '0.59', size: '1' }] };
    expect(readClobBook(crossed)).toMatchObject({ spread: '-0.01', midpoint: '0.595' });
  });

  test('has the short condition id if the venue pads it', () => {
    const conditionId = `0x01${'ab'.repeat(30)}`;
    const token = BigInt(`${conditionId}00`).toString();
    expect(readClobBook({ ...first, market: `${conditionId}00`, asset_id: token }).conditionId).toBe(conditionId);
  });
});

describe('a malformed book', () => {
  test.each([
    ['no object', [], 'the book is a list, not an object'],
    ['sides without a token', { bids: [], asks: [] }, 'asset_id is missing, not a token id'],
    ['no market', { ...first, market: '' }, 'market is "", not a condition id'],
    ['no list of levels', { ...first, bids: {} }, 'bids is an object, not a list'],
    ['a level without a price', { ...first, asks: [{ size: '1' }] }, 'asks price is missing, not a decimal string'],
    [
      'a price above 1',
      { ...first, asks: [{ price: '1.01', size: '1' }] },
      'asks price is "1.01", not a price from 0 to 1',
    ],
    [
      'a size that is a number',
      { ...first, bids: [{ price: '0.1', size: 5 }] },
      'bids size is the number 5, not a decimal string',
    ],
    [
      'a time in seconds',
      { ...first, timestamp: '1789000000' },
      'timestamp is "1789000000", not a time in milliseconds',
    ],
  ])('is refused for %s', (_, raw, reason) => {
    expect(() => readClobBook(raw)).toThrow(new FieldError(reason));
  });
});
