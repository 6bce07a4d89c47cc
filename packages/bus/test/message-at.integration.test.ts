import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { testBus } from './test-bus.ts';
import { publish } from './trades-stream.ts';

describe('asking for one message', () => {
  test('gives null for a sequence that holds none', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 1);
    expect(await made.bus.messageAt('TRADES', 2)).toBeNull();
  });

  test('of a missing stream names the stream', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    await expect(made.bus.messageAt('TRADES', 1)).rejects.toMatchObject({
      name: 'StreamMissingError',
      stream: 'TRADES',
    });
    await expect(made.bus.streamState('TRADES')).rejects.toMatchObject({
      name: 'StreamMissingError',
      stream: 'TRADES',
    });
  });
});
