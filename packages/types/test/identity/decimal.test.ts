import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDecimal, compareDecimals, isDecimal, midpointOf, spreadOf } from '../../src/index.ts';

describe('a canonical decimal', () => {
  test.each([
    ['.48', '0.48'],
    ['0.480', '0.48'],
    ['00.48', '0.48'],
    ['5.', '5'],
    ['5.0', '5'],
    ['0', '0'],
    ['.0', '0'],
    ['216.216215', '216.216215'],
    ['21006065', '21006065'],
    ['1000', '1000'],
  ])('%s is spelled %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
  });

  test('is the same for every spelling of one number', () => {
    const digits = fc.stringMatching(/^\d{0,10}$/);
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        fc.nat(6),
        digits,
        digits,
        (number, scale, zerosBefore, zerosAfter) => {
          const text = number.toString().padStart(scale + 1, '0');
          const plain = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
          const padded = `${zerosBefore.replace(/\d/g, '0')}${plain}${scale === 0 ? '' : zerosAfter.replace(/\d/g, '0')}`;
          expect(canonicalDecimal(padded)).toBe(canonicalDecimal(plain));
        },
      ),
    );
  });

  test('is idempotent, and differs only for different numbers', () => {
    const cents = fc.nat(1_000_000);
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const [textA, textB] = [(a / 100).toFixed(2), (b / 100).toFixed(2)];
        expect(canonicalDecimal(canonicalDecimal(textA))).toBe(canonicalDecimal(textA));
        expect(canonicalDecimal(textA) === canonicalDecimal(textB)).toBe(a === b);
      }),
    );
  });
});

describe('text that is not a decimal', () => {
  test.each(['', '.', '-1', '+1', '1e5', '0x10', '1,5', ' 1', '1 ', 'NaN', 'Infinity', '9'.repeat(65), '१'])(
    'such as %j is refused',
    (text) => {
      expect(isDecimal(text)).toBe(false);
      expect(() => canonicalDecimal(text)).toThrow(RangeError);
    },
  );

  test('includes JavaScript numbers, because floats invent digits', () => {
    expect(isDecimal(0.48)).toBe(false);
  });
});

describe('exact arithmetic', () => {
  /** Whole numbers of a unit, written with a point before their last `scale` digits. */
  const decimals = fc.record({ units: fc.bigInt({ min: 0n, max: 10n ** 15n }), scale: fc.nat(9) });
  const written = ({ units, scale }: { units: bigint; scale: number }) => {
    const digits = units.toString().padStart(scale + 1, '0');
    return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  };
  /** The number in units of 10 to the power of minus 10. */
  const exact = (text: string) => {
    const [, sign, integer = '', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? [];
    return BigInt(`${sign}${integer}${fraction.padEnd(10, '0')}`);
  };

  test('gives the midpoint with all its digits', () => {
    expect(midpointOf('0.48', '0.49')).toBe('0.485');
    expect(midpointOf('0.063', '0.068')).toBe('0.0655');
    expect(midpointOf('0.1', '0.2')).toBe('0.15');
    expect(midpointOf('.5', '0.50')).toBe('0.5');
    expect(midpointOf('0', '1')).toBe('0.5');
  });

  test('gives the spread, below 0 in a crossed book', () => {
    expect(spreadOf('0.1', '0.3')).toBe('0.2');
    expect(spreadOf('0.585', '0.587')).toBe('0.002');
    expect(spreadOf('0.6', '0.59')).toBe('-0.01');
    expect(spreadOf('0.60', '0.6')).toBe('0');
    expect(spreadOf('2', '1')).toBe('-1');
  });

  test('gives neither midpoint nor spread when a side has no orders', () => {
    for (const of of [midpointOf, spreadOf]) {
      expect(of(null, '0.5')).toBeNull();
      expect(of('0.5', null)).toBeNull();
      expect(of(null, null)).toBeNull();
    }
  });

  test('holds for all numbers: twice the midpoint is the sum, the spread is the difference, the order is the same', () => {
    fc.assert(
      fc.property(decimals, decimals, (one, other) => {
        const [bid, ask] = [written(one), written(other)];
        expect(2n * exact(midpointOf(bid, ask) ?? '')).toBe(exact(bid) + exact(ask));
        expect(exact(spreadOf(bid, ask) ?? '')).toBe(exact(ask) - exact(bid));
        expect(Math.sign(compareDecimals(bid, ask))).toBe(
          Number(exact(bid) - exact(ask) > 0n) - Number(exact(bid) < exact(ask)),
        );
      }),
    );
  });

  test('gives canonical results, however its numbers are spelled', () => {
    fc.assert(
      fc.property(decimals, decimals, fc.nat(5), (one, other, zeros) => {
        const [bid, ask] = [written(one), written(other)];
        const padded = one.scale === 0 ? `00${bid}` : `${bid}${'0'.repeat(zeros)}`;
        expect(midpointOf(padded, ask)).toBe(midpointOf(bid, ask));
        expect(spreadOf(padded, ask)).toBe(spreadOf(bid, ask));
        expect(compareDecimals(padded, bid)).toBe(0);
        expect(canonicalDecimal(midpointOf(bid, ask) ?? '')).toBe(midpointOf(bid, ask));
      }),
    );
  });

  test('refuses text that is not a decimal', () => {
    for (const bad of ['', '-1', '1e5', 'NaN']) {
      expect(() => midpointOf(bad, '0.5')).toThrow(RangeError);
      expect(() => spreadOf('0.5', bad)).toThrow(RangeError);
      expect(() => compareDecimals('0.5', bad)).toThrow(RangeError);
    }
  });
});
