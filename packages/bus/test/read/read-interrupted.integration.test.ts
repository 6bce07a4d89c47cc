import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { Bus, BusUnavailableError } from '../../src/index.ts';
import { natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { configuredNats, natsServerProgram } from '../topology/configured-nats.ts';
import { failureOf, publish, sequences } from '../trades-stream.ts';
import { RecordedLog } from './recorded-log.ts';

const program = await natsServerProgram();

describe.concurrent('reading with a limit on interruptions', () => {
  test('fails when NATS cannot be reached for longer, even when the stream is idle', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    await publish(made.bus, 0, 1);
    const o = { rowsMax: 1, ageMsMax: 5, interruptedMsMax: 300, signal: made.stop.signal };
    const batches = made.bus.readBatches('TRADES', null, o);
    expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([1]);
    const failure = failureOf(batches);
    way.mute();
    expect(await failure).toBeInstanceOf(BusUnavailableError);
    expect(await failure).toMatchObject({ message: 'TRADES could not be read for 0.3 s' });
  });

  test('goes on after shorter ones, whatever their sum', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using writer = await testBus(nats.url);
    await using reader = await testBus(way.url);
    let readings = 0;
    const batches = reader.bus.readBatches('TRADES', null, {
      ...{ rowsMax: 1, ageMsMax: 5, interruptedMsMax: 2_000, signal: reader.stop.signal },
      onReading: () => {
        readings += 1;
      },
    });
    let cuts = 0;
    for (const beganMs = performance.now(); performance.now() - beganMs < 2_500; cuts += 1) {
      await publish(writer.bus, cuts, cuts + 1);
      expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([cuts + 1]);
      way.cut();
    }
    await batches.return();
    expect(readings).toBe(cuts);
  });

  test.skipIf(program === null)(
    'fails, and never reports that it reads, when we may inspect the stream but not pull from it (needs a server program)',
    async ({ onTestFinished }) => {
      if (program === null) return;
      const denied = 'publish: { allow: ">", deny: "$JS.API.CONSUMER.MSG.NEXT.>" }';
      const users = `users: [{ user: owner, password: secret }, { user: reader, password: secret, permissions: { ${denied} } }]`;
      await using nats = await configuredNats(program, onTestFinished, {
        jetstream: true,
        configuration: `authorization { ${users} }`,
      });
      await using owner = await testBus(`nats://owner:secret@${nats.host}`);
      await publish(owner.bus, 0, 1);
      const url = `nats://reader:secret@${nats.host}`;
      const log = new RecordedLog();
      await using bus = await Bus.connect({ url, name: 'test', log, signal: owner.stop.signal });
      let readings = 0;
      const batches = bus.readBatches('TRADES', null, {
        ...{ rowsMax: 1, ageMsMax: 5, interruptedMsMax: 4_000, signal: owner.stop.signal },
        onReading: () => {
          readings += 1;
        },
      });
      expect(await failureOf(batches)).toMatchObject({
        message: 'TRADES could not be read for 4 s',
        cause: { message: 'no heartbeat arrived' },
      });
      expect(readings).toBe(0);
      expect(log.count(/^Cannot read TRADES/)).toBe(1);
    },
  );
});
