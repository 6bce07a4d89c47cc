import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { Bus } from '../src/index.ts';
import { silentLog } from './recorded-log.ts';

describe('smoke', () => {
  test('publish and read', async () => {
    await using nats = await testNats();
    const stop = new AbortController();
    await using bus = await Bus.connect({ url: nats.url, name: 'test', log: silentLog, signal: stop.signal });
    await bus.reconcile(stop.signal);
    await bus.reconcile(stop.signal);
    await using publisher = bus.publisher({ unacknowledgedMax: 1000, queueMax: 10_000 });
    const t = performance.now();
    for (let i = 0; i < 5000; i++)
      publisher.publish({ subject: 'pm.trade.0x1.2', messageId: `m${i}`, body: `{"i":${i}}` });
    await publisher.idle();
    console.log(performance.now() - t, publisher.stats());
    let seen = 0;
    const t2 = performance.now();
    for await (const batch of bus.readBatches('TRADES', null, { rowsMax: 500, ageMsMax: 10, signal: stop.signal })) {
      for (const m of batch.messages) {
        seen++;
        expect(m.sequence).toBe(seen);
        expect(m.messageId).toBe(`m${seen - 1}`);
      }
      if (seen === 5000) break;
    }
    console.log(performance.now() - t2);
    console.log(await bus.streamState('TRADES'));
    const kv = await bus.kv<{ a: number }>('ingestors');
    const view = kv.view({ signal: stop.signal });
    await view.ready;
    const changed = new Promise<string>((r) => view.onChange(r));
    await kv.put('x', { a: 1 });
    expect(await changed).toBe('x');
    console.log([...view.entries()]);
    await view[Symbol.asyncDispose]();
  });
});
