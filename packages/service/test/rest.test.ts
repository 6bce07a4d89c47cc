import { expect, test } from 'vitest';
import { rest } from '../src/rest.ts';

test('a rest that is longer than a timer can be does not end at once', async () => {
  const stop = new AbortController();
  let isOver = false;
  const resting = rest(2 ** 31, stop.signal).then(() => {
    isOver = true;
  });
  await rest(20, stop.signal);
  expect(isOver).toBe(false);
  stop.abort();
  await resting;
});
