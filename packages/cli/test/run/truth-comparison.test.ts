import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ComparableTrade, TruthComparer } from '../../src/run/truth-comparison.ts';

const trade: ComparableTrade = {
  tokenId: '1',
  timestampMs: 5,
  price: '0.5',
  size: '10',
  side: 'BUY',
  transactionHash: null,
};

const UNHEARD = 'a token that nobody listens to';

function compare(executed: ComparableTrade[], recorded: ComparableTrade[]) {
  const comparer = new TruthComparer();
  for (const each of executed) comparer.executed(each, { sockets: each.tokenId === UNHEARD ? 0 : 1 });
  for (const each of recorded) comparer.recorded(each);
  return comparer.result();
}

describe('a comparison with the truth', () => {
  test('finds no difference between the same trades, however they are spelt and ordered', () => {
    const other = { ...trade, tokenId: '2' };
    expect(compare([trade, other, trade], [{ ...trade, price: '.50' }, trade, other])).toEqual({
      executed: 3,
      recorded: 3,
      missing: 0,
      duplicates: 0,
      unheard: 0,
    });
  });

  test('counts indistinguishable trades: one row for two is a missing trade, two rows for one a double', () => {
    expect(compare([trade, trade], [trade])).toMatchObject({ missing: 1, duplicates: 0 });
    expect(compare([trade], [trade, trade])).toMatchObject({ missing: 0, duplicates: 1 });
  });

  test('does not offset a missing trade with a double', () => {
    const other = { ...trade, price: '0.51' };
    expect(compare([trade, other], [trade, trade])).toMatchObject({
      executed: 2,
      recorded: 2,
      missing: 1,
      duplicates: 1,
    });
  });

  test('separates missing trades that no connection was sent from the others', () => {
    const unheard = { ...trade, tokenId: UNHEARD };
    expect(compare([trade, unheard, unheard], [])).toMatchObject({ missing: 3, unheard: 2 });
    expect(compare([trade, unheard, unheard], [unheard])).toMatchObject({ missing: 2, unheard: 1 });
    expect(compare([trade, unheard], [unheard, unheard])).toMatchObject({ missing: 1, duplicates: 1, unheard: 0 });
  });

  test('finds exactly the removed and the added trades', () => {
    const numbers = fc.array(fc.nat(5), { maxLength: 40 });
    const asTrades = (list: number[]) => list.map((n) => ({ ...trade, tokenId: String(n) }));
    fc.assert(
      fc.property(numbers, numbers, numbers, (common, taken, added) => {
        const only = added.map((n) => n + 100);
        const result = compare(asTrades([...common, ...taken]), asTrades([...only, ...common]));
        expect(result).toMatchObject({ missing: taken.length, duplicates: added.length });
      }),
    );
  });
});
