import { freePort } from '@polytape/embedded';
import { expect, test } from 'vitest';
import { listener } from './listener.ts';

test('a free port can be listened on', async () => {
  const port = await freePort();
  await using held = await listener(port);
  expect(held.port).toBe(port);
});
