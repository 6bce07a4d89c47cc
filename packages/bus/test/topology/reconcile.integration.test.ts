import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageType, StoreCompression } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { BusConfigurationError, TOPOLOGY } from '../../src/index.ts';
import { testBus } from '../test-bus.ts';
import { configuredNats, natsServerProgram } from './configured-nats.ts';
import { operatorOf } from './operator.ts';

const program = await natsServerProgram();
const MIB = 1_024 ** 2;
const DAY_MS = 24 * 60 * 60 * 1_000;

describe.concurrent('reconciling', () => {
  test('creates the streams and buckets of the table on an empty server', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await using _made = await testBus(nats.url);
    expect(await operator.names()).toEqual([
      'BOOKS',
      'EVENTS',
      'KV_ingestors',
      'KV_leader',
      'KV_shards',
      'MARKETS',
      'PRICES',
      'TRADES',
      'UNPARSED',
    ]);
    expect(await operator.config('TRADES')).toMatchObject({
      subjects: ['pm.trade.*.*'],
      max_age: nanos(30 * DAY_MS),
      storage: 'file',
      compression: 's2',
      discard: 'old',
      duplicate_window: nanos(120_000),
      num_replicas: 1,
    });
    expect(await operator.config('MARKETS')).toMatchObject({ max_age: 0, max_msgs_per_subject: 1 });
    expect(await operator.config('EVENTS')).toMatchObject({ max_age: 0, max_msgs_per_subject: -1 });
    expect(await operator.config('KV_ingestors')).toMatchObject({
      max_age: nanos(15_000),
      allow_msg_ttl: true,
      subject_delete_marker_ttl: nanos(15_000),
      max_msgs_per_subject: 1,
    });
    expect(await operator.config('KV_shards')).toMatchObject({ max_age: 0, max_msgs_per_subject: 1 });
  });

  test('changes nothing the second time', async () => {
    await using nats = await testNats();
    await using _first = await testBus(nats.url);
    await using second = await testBus(nats.url);
    expect(second.log.entries).toEqual([]);
  });

  test('can be done by several processes at once', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    const all = await Promise.all([1, 2, 3, 4].map(() => testBus(nats.url)));
    await using made = new AsyncDisposableStack();
    for (const one of all) made.use(one);
    expect(await operator.names()).toHaveLength(9);
  });

  test('restores a stream that keeps too little or lacks subjects', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.add({
      name: 'TRADES',
      subjects: ['pm.trade.0x1.*', 'pm.other'],
      max_age: nanos(DAY_MS),
      compression: StoreCompression.S2,
    });
    await using made = await testBus(nats.url);
    expect((await made.log.said(/^Updated stream TRADES/)).level).toBe('info');
    expect(await operator.config('TRADES')).toMatchObject({
      max_age: nanos(30 * DAY_MS),
      subjects: ['pm.other', 'pm.trade.*.*'],
    });
  });

  test('leaves alone what an operator added', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    {
      await using _made = await testBus(nats.url);
    }
    await operator.jsm.streams.update('TRADES', { max_age: 0, max_bytes: 1_000_000_000, metadata: { owner: 'ann' } });
    await operator.jsm.streams.update('UNPARSED', { subjects: ['pm.unparsed.>', 'pm.mine.*'] });
    await using again = await testBus(nats.url);
    expect(again.log.entries).toEqual([]);
    expect(await operator.config('TRADES')).toMatchObject({ max_age: 0, max_bytes: 1_000_000_000 });
    expect((await operator.config('TRADES')).metadata).toMatchObject({ owner: 'ann' });
    expect((await operator.config('UNPARSED')).subjects).toEqual(['pm.unparsed.>', 'pm.mine.*']);
  });

  test('reports a setting that cannot be changed, and changes the others', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.add({
      name: 'TRADES',
      subjects: ['pm.trade.*.*'],
      storage: StorageType.Memory,
      max_age: nanos(DAY_MS),
    });
    await using made = await testBus(nats.url);
    const report = await made.log.said(/of stream TRADES to what polytape expects/);
    expect(report.level).toBe('warn');
    expect(report.sentence).toContain('storage');
    expect(await operator.config('TRADES')).toMatchObject({ storage: 'memory', max_age: nanos(30 * DAY_MS) });
  });

  test('deletes nothing that is not in the table', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.add({ name: 'MINE', subjects: ['mine.>'] });
    await using _made = await testBus(nats.url);
    expect(await operator.names()).toContain('MINE');
  });

  test('fails with the remedy when another stream has our subjects', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await operator.jsm.streams.add({ name: 'MINE', subjects: ['pm.>'] });
    const attempt = testBus(nats.url);
    await expect(attempt).rejects.toBeInstanceOf(BusConfigurationError);
    await expect(attempt).rejects.toThrow(/already has the subjects of TRADES/);
  });

  test('fails with the remedy when a single server is to keep three replicas', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    const attempt = made.bus.reconcile(made.stop.signal, { replicas: 3 });
    await expect(attempt).rejects.toBeInstanceOf(BusConfigurationError);
    await expect(attempt).rejects.toThrow(/NATS_REPLICAS=1/);
  });

  test('goes on: it recreates a stream that was deleted, and waiting messages are stored in it', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    await using made = await testBus(nats.url);
    await using publisher = made.bus.publisher({ unacknowledgedMax: 10, queueMax: 10 });
    await operator.jsm.streams.delete('TRADES');
    publisher.publish({ subject: 'pm.trade.0xab.1', messageId: 'm', body: '{}' });
    await publisher.acknowledged();
    expect(await made.bus.streamState('TRADES')).toMatchObject({ firstSequence: 1, lastSequence: 1 });
    const errors = made.log.entries.filter(({ level }) => level === 'error').map(({ sentence }) => sentence);
    expect(errors).toEqual(['Stream TRADES was missing and has been recreated. Its messages are lost.']);
  });

  test('uses another table when it is given one', async () => {
    await using nats = await testNats();
    await using operator = await operatorOf(nats.url);
    const { ingestors } = TOPOLOGY.buckets;
    const topology = {
      ...TOPOLOGY,
      buckets: { ...TOPOLOGY.buckets, ingestors: { ...ingestors, ttlMs: 2_000 } },
    };
    await using _made = await testBus(nats.url, { topology });
    expect((await operator.config('KV_ingestors')).max_age).toBe(nanos(2_000));
  });

  describe.skipIf(program === null)('a server with another configuration (needs a nats-server program)', () => {
    test('fails with the remedy when it has no JetStream', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { jetstream: false });
      const attempt = testBus(nats.url);
      await expect(attempt).rejects.toBeInstanceOf(BusConfigurationError);
      await expect(attempt).rejects.toThrow(/nats-server with -js/);
    });

    test('fails with the remedy when our account has no JetStream', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, {
        jetstream: true,
        configuration: 'accounts { A { users: [ { user: a, password: a } ] }, B { jetstream: enabled } }',
      });
      const attempt = testBus(`nats://a:a@${nats.host}`);
      await expect(attempt).rejects.toBeInstanceOf(BusConfigurationError);
      await expect(attempt).rejects.toThrow(/enable JetStream for our account/);
    });

    describe('with a small disk', () => {
      const bytes = async (url: string) => {
        await using operator = await operatorOf(url);
        const [prices, books] = [await operator.config('PRICES'), await operator.config('BOOKS')];
        return [prices.max_bytes, books.max_bytes].map((limit) => Number(limit) / MIB);
      };

      test('gets smaller streams where their size is limited, which is logged once', async ({ onTestFinished }) => {
        if (program === null) return;
        await using nats = await configuredNats(program, onTestFinished, {
          jetstream: true,
          storeBytesMax: 3_000 * MIB,
        });
        await using made = await testBus(nats.url);
        expect(await bytes(nats.url)).toEqual([2_048, 512]);
        const warnings = made.log.entries.filter(({ level }) => level === 'warn').map(({ sentence }) => sentence);
        expect(warnings).toEqual([
          'NATS has no room for 8,192 MiB of stream BOOKS. It keeps the newest 512 MiB instead. Raise max_file_store, or give JetStream a larger disk.',
        ]);
        await using again = await testBus(nats.url);
        expect(again.log.entries).toEqual([]);
        expect(await bytes(nats.url)).toEqual([2_048, 512]);
      });

      test('gets larger ones at a later start when there is room', async ({ onTestFinished }) => {
        if (program === null) return;
        const directory = await mkdtemp(join(tmpdir(), 'polytape-test-nats-'));
        {
          await using small = await configuredNats(program, onTestFinished, {
            jetstream: true,
            storeBytesMax: 3_000 * MIB,
          });
          await using _made = await testBus(small.url);
          await cp(small.directory, directory, { recursive: true });
        }
        await using large = await configuredNats(program, onTestFinished, {
          jetstream: true,
          storeBytesMax: 20_000 * MIB,
          directory,
        });
        await using made = await testBus(large.url);
        expect((await made.log.said(/^Updated stream BOOKS/)).level).toBe('info');
        expect(await bytes(large.url)).toEqual([2_048, 8_192]);
      });

      test('without room for the smallest of them is waited for, which is logged', async ({ onTestFinished }) => {
        if (program === null) return;
        await using nats = await configuredNats(program, onTestFinished, { jetstream: true, storeBytesMax: 100 * MIB });
        await using made = await testBus(nats.url, { reconcile: false });
        const reconciling = made.bus.reconcile(made.stop.signal);
        expect((await made.log.said(/Waiting to prepare/)).sentence).toMatch(/cannot create stream PRICES now/);
        made.stop.abort(new Error('stopped by the test'));
        await expect(reconciling).rejects.toThrow('stopped by the test');
      });
    });

    const users = `authorization { users: [
      { user: owner, password: o },
      { user: guest, password: g, permissions: { publish: { deny: ["$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.UPDATE.>"] } } }
    ] }`;

    test('is waited for, which is logged, when we may not create streams, until somebody else has', async ({
      onTestFinished,
    }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { jetstream: true, configuration: users });
      await using guest = await testBus(`nats://guest:g@${nats.host}`, { reconcile: false });
      const reconciling = guest.bus.reconcile(guest.stop.signal);
      const said = await guest.log.said(/Waiting to prepare the streams/);
      expect(said.sentence).toContain('$JS.API.STREAM.CREATE.TRADES');
      await using _owner = await testBus(`nats://owner:o@${nats.host}`);
      await reconciling;
    });

    test('is used, which is logged, when we may not update a stream that has all our subjects', async ({
      onTestFinished,
    }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { jetstream: true, configuration: users });
      await using _owner = await testBus(`nats://owner:o@${nats.host}`);
      await using operator = await operatorOf(`nats://owner:o@${nats.host}`);
      await operator.jsm.streams.update('TRADES', { max_age: nanos(DAY_MS) });
      await using guest = await testBus(`nats://guest:g@${nats.host}`);
      expect((await guest.log.said(/of stream TRADES to what polytape expects/)).sentence).toContain('max_age');
    });

    test('stops waiting when the signal aborts', async ({ onTestFinished }) => {
      if (program === null) return;
      await using nats = await configuredNats(program, onTestFinished, { jetstream: true, configuration: users });
      await using guest = await testBus(`nats://guest:g@${nats.host}`, { reconcile: false });
      const reconciling = guest.bus.reconcile(guest.stop.signal);
      await guest.log.said(/Waiting to prepare the streams/);
      guest.stop.abort(new Error('stopped by the test'));
      await expect(reconciling).rejects.toThrow('stopped by the test');
    });
  });
});
