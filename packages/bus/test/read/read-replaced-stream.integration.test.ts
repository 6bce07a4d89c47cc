import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { StreamReplacedError } from '../../src/index.ts';
import { natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { configuredNats, natsServerProgram } from '../topology/configured-nats.ts';
import { operatorOf } from '../topology/operator.ts';
import { failureOf, publish, read, readAll, sequences } from '../trades-stream.ts';

const program = await natsServerProgram();

describe('a stream that is another one now', () => {
  test('is told when the position lies beyond its end', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const error = await read(made, { sequence: 4 }, 1).catch((caught) => caught);
    expect(error).toBeInstanceOf(StreamReplacedError);
    expect(error).toMatchObject({ stream: 'TRADES', sequence: 4, disposition: 'retry' });
  });

  test('is not seen in a position at its very end', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const reading = read(made, { sequence: 3 }, 1);
    await publish(made.bus, 3, 4);
    expect(sequences(await reading)).toEqual([4]);
  });

  test('is told when it was deleted and made anew while we read', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    const batches = readAll(made.bus, { rowsMax: 3, ageMsMax: 5_000 });
    await batches.next();
    const failure = failureOf(batches);
    await jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    await publish(made.bus, 0, 10);
    expect(await failure).toBeInstanceOf(StreamReplacedError);
  });

  test('is told when it was made anew before anything of it was read', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    await using operator = await operatorOf(nats.url);
    const { jsm } = operator;
    const o = { rowsMax: 3, ageMsMax: 5, signal: made.stop.signal };
    const failure = failureOf(made.bus.readBatches('TRADES', { sequence: 3 }, o));
    while ((await jsm.streams.info('TRADES')).state.consumer_count === 0) await new Promise((go) => setTimeout(go, 5));
    await jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    await publish(made.bus, 0, 10);
    expect(await failure).toBeInstanceOf(StreamReplacedError);
  });

  test.skipIf(program === null)(
    'is told when it lost the tail that we had read and put other messages there (needs a server program)',
    async () => {
      if (program === null) return;
      await using nats = await configuredNats(program, { jetstream: true });
      await using way = await natsProxy(nats.url);
      await using made = await testBus(way.url);
      await publish(made.bus, 0, 3);
      const backup = await mkdtemp(join(tmpdir(), 'polytape-test-nats-'));
      await cp(nats.directory, backup, { recursive: true });
      await publish(made.bus, 3, 6);
      const batches = readAll(made.bus, { rowsMax: 6, ageMsMax: 5_000 });
      expect(sequences((await batches.next()).value?.messages ?? [])).toEqual([1, 2, 3, 4, 5, 6]);
      const failure = failureOf(batches);
      way.mute();
      await using restored = await configuredNats(program, { jetstream: true, directory: backup });
      await using writer = await testBus(restored.url);
      await publish(writer.bus, 100, 110);
      way.lead(restored.url);
      way.unmute();
      expect(await failure).toBeInstanceOf(StreamReplacedError);
      expect(await failure).toMatchObject({
        sequence: 6,
        message: expect.stringMatching(/another message at that place/),
      });
    },
  );

  test('has another incarnation', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await publish(made.bus, 0, 3);
    const before = await made.bus.streamState('TRADES');
    expect(before).toMatchObject({ firstSequence: 1, lastSequence: 3 });
    expect((await made.bus.streamState('TRADES')).incarnation).toBe(before.incarnation);
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.delete('TRADES');
    await made.bus.reconcile(made.stop.signal);
    expect((await made.bus.streamState('TRADES')).incarnation).not.toBe(before.incarnation);
  });
});
