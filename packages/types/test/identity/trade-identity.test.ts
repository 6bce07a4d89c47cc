import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DUPLICATE_WINDOW_MS,
  ORDINAL_MAX,
  OrdinalCounter,
  parseTradeId,
  type TradeContent,
  tradeContentHash,
  tradeId,
  tradeMessageId,
} from '../../src/index.ts';

const trade: TradeContent = {
  tokenId: '111604417349377875799825956621596386269673370070912696668140891647145772186047',
  timestamp: '1784578733812',
  price: '0.925',
  size: '216.216215',
  side: 'BUY',
  transactionHash: '0x05cc387abf197675a7c70f63f590f2caefd35533b1b088c80a76e7dcd7685a18',
};

/** Few distinct values, so that fills often look the same. */
const contents = fc.record({
  tokenId: fc.constantFrom('1', '2'),
  timestamp: fc.constantFrom('1784578733812', '1784578733813'),
  price: fc.constantFrom('0.5', '.5', '0.51'),
  size: fc.constantFrom('10', '10.0', '7.25'),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  transactionHash: fc.constantFrom(null, `0x${'ab'.repeat(32)}`),
});

/** The ids that one connection gives to trades that it sees in this order. */
function idsOf(trades: TradeContent[]): string[] {
  const ordinals = new OrdinalCounter({ windowMs: DUPLICATE_WINDOW_MS, contentsMax: 10_000 });
  return trades.map((content) => {
    const hash = tradeContentHash(content);
    return tradeId(hash, ordinals.next(hash, 0));
  });
}

describe('the content of a trade', () => {
  test('keeps its hash across versions, so that stored rows are found again', () => {
    expect(tradeContentHash(trade)).toBe('b5938caa4538d4ed');
  });

  test('has the same hash however its decimals are spelled', () => {
    expect(tradeContentHash({ ...trade, price: '.9250' })).toBe(tradeContentHash(trade));
  });

  test('has the same hash whatever the case of its transaction hash', () => {
    const upper = `0x${'AB'.repeat(32)}`;
    expect(tradeContentHash({ ...trade, transactionHash: upper })).toBe(
      tradeContentHash({ ...trade, transactionHash: upper.toLowerCase() }),
    );
  });

  test.each([
    { tokenId: '1' },
    { timestamp: '1784578733813' },
    { price: '0.926' },
    { size: '216.216214' },
    { side: 'SELL' as const },
    { transactionHash: null },
  ])('has another hash with %j', (change) => {
    expect(tradeContentHash({ ...trade, ...change })).not.toBe(tradeContentHash(trade));
  });

  test('has another hash when a digit moves from one field to the next', () => {
    expect(tradeContentHash({ ...trade, price: '1', size: '23' })).not.toBe(
      tradeContentHash({ ...trade, price: '12', size: '3' }),
    );
  });
});

describe('two connections', () => {
  test('that see the same trades in any order give the same ids', () => {
    const shuffledPair = fc
      .array(contents, { maxLength: 60 })
      .chain((trades) => fc.tuple(fc.constant(trades), fc.shuffledSubarray(trades, { minLength: trades.length })));
    fc.assert(
      fc.property(shuffledPair, ([one, other]) => {
        expect(idsOf(other).sort()).toEqual(idsOf(one).sort());
      }),
    );
  });

  test('that each miss some trades together keep every fill that either saw, and none twice', () => {
    const seenByEach = fc.array(fc.tuple(contents, fc.boolean(), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(seenByEach, (trades) => {
        const [one, other] = [1, 2].map((i) => trades.filter((seen) => seen[i]).map(([content]) => content));
        const survivors = new Set([...idsOf(one ?? []), ...idsOf(other ?? [])]);
        const count = (list: TradeContent[] = []) => countBy(list.map(tradeContentHash));
        const [countOne, countOther] = [count(one), count(other)];
        let expected = 0;
        for (const hash of new Set([...countOne.keys(), ...countOther.keys()])) {
          expected += Math.max(countOne.get(hash) ?? 0, countOther.get(hash) ?? 0);
        }
        expect(survivors.size).toBe(expected);
      }),
    );
  });
});

describe('identical fills in one millisecond', () => {
  test('are numbered 0, 1, 2', () => {
    const hash = tradeContentHash(trade);
    expect(idsOf([trade, trade, trade])).toEqual([`${hash}-0`, `${hash}-1`, `${hash}-2`]);
  });
});

describe('an ordinal counter', () => {
  /** Contents that share their place in a table of 64 slots, and some of them their second half as well. */
  const content = (n: number) => [n, (n % 3) * 64].map((half) => half.toString(16).padStart(8, '0')).join('');
  const a = content(0);

  test('starts again at 0 for a content that has not been seen for longer than the window', () => {
    const ordinals = new OrdinalCounter({ windowMs: 100, contentsMax: 10 });
    expect([0, 100, 201].map((atMs) => ordinals.next(a, atMs))).toEqual([0, 1, 0]);
  });

  test('counts on while a content keeps coming within the window', () => {
    const ordinals = new OrdinalCounter({ windowMs: 100, contentsMax: 10 });
    expect([0, 90, 180, 270].map((atMs) => ordinals.next(a, atMs))).toEqual([0, 1, 2, 3]);
  });

  test('beyond its maximum forgets the contents that have not been seen for longest', () => {
    const ordinals = new OrdinalCounter({ windowMs: 1_000, contentsMax: 2 });
    for (const n of [0, 1, 0, 2, 3, 4]) ordinals.next(content(n), 0);
    expect([4, 3, 0].map((n) => ordinals.next(content(n), 0))).toEqual([1, 1, 0]);
  });

  test('numbers like a counter that forgets nothing, as long as its maximum is not reached', () => {
    const sights = fc.array(fc.tuple(fc.nat(200), fc.nat(60)), { maxLength: 2_000 });
    fc.assert(
      fc.property(sights, (list) => {
        const ordinals = new OrdinalCounter({ windowMs: 500, contentsMax: 1_000 });
        const all = new Map<string, { count: number; atMs: number }>();
        let nowMs = 0;
        for (const [n, passedMs] of list) {
          nowMs += passedMs;
          const last = all.get(content(n));
          const expected = last === undefined || nowMs - last.atMs > 500 ? 0 : last.count;
          all.set(content(n), { count: expected + 1, atMs: nowMs });
          expect(ordinals.next(content(n), nowMs)).toBe(expected);
        }
      }),
    );
  });
});

describe('a trade id', () => {
  test('is parsed into its two halves', () => {
    fc.assert(
      fc.property(contents, fc.nat(ORDINAL_MAX), (content, ordinal) => {
        const contentHash = tradeContentHash(content);
        expect(parseTradeId(tradeId(contentHash, ordinal))).toEqual({ contentHash, ordinal });
      }),
    );
  });

  test.each([
    '',
    'abc',
    '0123456789abcdef',
    '0123456789abcdef-',
    '0123456789abcdef-x',
    '0123456789ABCDEF-0',
    '0123456789abcdef-32768',
  ])('is never %j', (text) => {
    expect(parseTradeId(text)).toBeNull();
  });

  test('is part of the message id, with token and time', () => {
    expect(tradeMessageId({ tokenId: '7', exchangeAtMs: 12, tradeId: '0123456789abcdef-1' })).toBe(
      '7:12:0123456789abcdef-1',
    );
  });
});

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
