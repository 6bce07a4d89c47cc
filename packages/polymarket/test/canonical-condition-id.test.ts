import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalConditionId } from '../src/canonical-condition-id.ts';

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'));

describe('a condition id', () => {
  test('of the second position system has one spelling, padded or not', () => {
    fc.assert(
      fc.property(hex(31), fc.constantFrom('00', '01'), (condition, outcome) => {
        const tokenId = BigInt(`0x${condition}${outcome}`).toString();
        expect(canonicalConditionId(`0x${condition}`, tokenId)).toBe(`0x${condition}`);
        expect(canonicalConditionId(`0x${condition}00`, tokenId)).toBe(`0x${condition}`);
      }),
    );
  });

  test('of the first keeps its last byte, even 00', () => {
    fc.assert(
      fc.property(
        hex(31),
        fc.constantFrom('00', '7f'),
        fc.bigInt({ min: 0n, max: 10n ** 77n }),
        (bytes, last, token) => {
          fc.pre(token.toString(16).padStart(64, '0').slice(0, 62) !== bytes);
          expect(canonicalConditionId(`0x${bytes}${last}`, String(token))).toBe(`0x${bytes}${last}`);
        },
      ),
    );
  });

  test('with a token id of 78 nines is unchanged', () => {
    expect(canonicalConditionId(`0x${'0'.repeat(64)}`, '9'.repeat(78))).toBe(`0x${'0'.repeat(64)}`);
  });
});
