import { describe, expect, test } from 'vitest';
import { type Shard, shardFault } from '../../src/index.ts';

const whole: Shard = { version: 1, tokens: tokens(500), tokensTarget: 400 };

describe('a value of the bucket shards', () => {
  test('is accepted when it is a shard', () => {
    expect(shardFault(whole, '0')).toBeNull();
    expect(shardFault({ version: 7, tokens: tokens(2) }, '1200')).toBeNull();
  });

  test.each<[string, unknown, RegExp]>([
    ['null', null, /^it is null$/],
    ['a shard without a version', { ...whole, version: undefined }, /version is missing/],
    ['a shard without tokens', { ...whole, tokens: undefined }, /tokens is missing/],
    ['a shard with an empty list of tokens', { ...whole, tokens: [] }, /tokens is \[\]/],
    [
      'a shard of more tokens than a connection takes',
      { ...whole, tokens: tokens(501) },
      /it has 501 tokens, at most 500/,
    ],
    [
      'a shard with a token id of letters',
      { ...whole, tokens: [{ tokenId: 'abc', conditionId: '0x1' }] },
      /a token is .*abc/,
    ],
    ['a shard with a token that is null', { ...whole, tokens: [null] }, /a token is null/],
    ['a shard with a target in words', { ...whole, tokensTarget: 'few' }, /tokensTarget is "few"/],
  ])('is refused when it is %s', (_, value, fault) => {
    expect(shardFault(value, '0')).toMatch(fault);
  });

  test.each(['abc', '-1', '1.5', '01', ''])('is refused under the key "%s"', (key) => {
    expect(shardFault(whole, key)).toBe('the key is not a shard number');
  });
});

function tokens(count: number): Shard['tokens'] {
  return Array.from({ length: count }, (_, n) => ({ tokenId: String(n), conditionId: '0x1' }));
}
