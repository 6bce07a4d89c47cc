import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { testBus } from '../test-bus.ts';
import { publish } from '../trades-stream.ts';

describe('asking for one message', () => {
  test('returns null for a sequence without a message', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 1);
    expect(await made.bus.messageAt('TRADES', 2)).toBeNull();
  });

  test('returns the last message on a subject, and null when there is none', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const { bus } = made;
    await publish(bus, 0, 2);
    const first = await bus.messageAt('TRADES', 1);
    const subject = first?.subject ?? '';
    await using publisher = bus.publisher({ unacknowledgedMax: 1, queueMax: 1 });
    publisher.publish({ subject, messageId: 'later', body: 'later' });
    await publisher.acknowledged();
    expect(await bus.lastMessageOn('TRADES', subject)).toMatchObject({ sequence: 3, messageId: 'later', subject });
    expect(await bus.lastMessageOn('TRADES', 'pm.trade.0xdead.1')).toBeNull();
  });

  test('finds the sequence before a time', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const { bus } = made;
    expect(await bus.sequenceBefore('TRADES', 0)).toBe(0);
    await publish(bus, 0, 3);
    const third = await bus.messageAt('TRADES', 3);
    await new Promise((resolve) => setTimeout(resolve, 5)); // the broker's clock must go on
    await publish(bus, 3, 6);
    const at = third?.storedAtMs ?? 0;
    expect(await bus.sequenceBefore('TRADES', at + 1)).toBe(3);
    expect(await bus.sequenceBefore('TRADES', at - 60_000)).toBe(0);
    expect(await bus.sequenceBefore('TRADES', Date.now() + 60_000)).toBe(6);
  });

  test('names the stream when it is missing', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    await expect(made.bus.messageAt('TRADES', 1)).rejects.toMatchObject({
      name: 'StreamMissingError',
      stream: 'TRADES',
    });
    await expect(made.bus.lastMessageOn('TRADES', 'pm.trade.0xab.1')).rejects.toMatchObject({
      name: 'StreamMissingError',
    });
    await expect(made.bus.streamState('TRADES')).rejects.toMatchObject({
      name: 'StreamMissingError',
      stream: 'TRADES',
    });
  });
});
