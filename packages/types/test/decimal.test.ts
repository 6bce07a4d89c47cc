import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDecimal, isDecimal } from '../src/index.ts';

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

  test('is itself canonical, and differs where the number differs', () => {
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

describe('what is no decimal', () => {
  test.each(['', '.', '-1', '+1', '1e5', '0x10', '1,5', ' 1', '1 ', 'NaN', 'Infinity', '9'.repeat(65), '१'])(
    '%j is refused',
    (text) => {
      expect(isDecimal(text)).toBe(false);
      expect(() => canonicalDecimal(text)).toThrow(RangeError);
    },
  );

  test('a number is not a decimal string, for floats invent digits', () => {
    expect(isDecimal(0.48)).toBe(false);
  });
});
