import { expect, test } from 'vitest';
import { renderSubscribed } from '../../src/operator/subscribe.ts';

test('the result of a subscription contains no control characters of the question', () => {
  const subscribed = { conditionId: '0xab', tokenIds: ['1', '2'] as [string, string], shard: 3, isCovered: true };
  const question = 'Will it \u001b[2Jrain\n\u009b31m\u202e?';
  const shown = renderSubscribed({ ...subscribed, question, firstBook: 'came' }, 1_000);
  expect(shown.split('\n')).toEqual([
    'Will it rain ?',
    '  0xab',
    '  is recorded in shard 3; the first book of both tokens has arrived.',
  ]);
});
