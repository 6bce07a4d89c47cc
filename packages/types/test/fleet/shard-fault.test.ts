import { describe, expect, test } from 'vitest';
import { type Shard, shardFault } from '../../src/index.ts';

const whole: Shard = { version: 1, tokens: tokens(500), tokensTarget: 400 };

describe('a shard of the plan', () => {
  test('is one', () => {
    expect(shardFault(whole, '0')).toBeNull();
    expect(shardFault({ version: 7, tokens: tokens(2) }, '1200')).toBeNull();
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /^it is null$/],
    ['without a version', { ...whole, version: undefined }, /version is missing/],
    ['without tokens', { ...whole, tokens: undefined }, /tokens is missing/],
    ['of no tokens', { ...whole, tokens: [] }, /tokens is \[\]/],
    ['of more tokens than a connection takes', { ...whole, tokens: tokens(501) }, /it has 501 tokens, at most 500/],
    ['of a token in letters', { ...whole, tokens: [{ tokenId: 'abc', conditionId: '0x1' }] }, /a token is .*abc/],
    ['of a token that is null', { ...whole, tokens: [null] }, /a token is null/],
    ['with a target in words', { ...whole, tokensTarget: 'few' }, /tokensTarget is "few"/],
  ])('is not one %s', (_, value, fault) => {
    expect(shardFault(value, '0')).toMatch(fault);
  });

  test.each(['abc', '-1', '1.5', '01', ''])('does not stand under the key "%s"', (key) => {
    expect(shardFault(whole, key)).toBe('the key is no number of a shard');
  });
});

function tokens(count: number): Shard['tokens'] {
  return Array.from({ length: count }, (_, n) => ({ tokenId: String(n), conditionId: '0x1' }));
}
