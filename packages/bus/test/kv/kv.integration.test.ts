import { Kvm } from '@nats-io/kv';
import { putKey, testNats } from '@polytape/test-servers';
import { describe, expect, test } from 'vitest';
import { BadValueError, type KvView, RevisionConflictError, TOPOLOGY } from '../../src/index.ts';
import { natsProxy } from '../connection/nats-proxy.ts';
import { testBus } from '../test-bus.ts';
import { operatorOf } from '../topology/operator.ts';

type Value = { n: number };

describe.concurrent('a bucket', () => {
  test('holds what was written, by revision', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    expect(await shards.get('1')).toBeNull();
    const first = await shards.create('1', { n: 1 });
    const second = await shards.update('1', { n: 2 }, first);
    expect(second).toBeGreaterThan(first);
    expect(await shards.get('1')).toEqual({ value: { n: 2 }, revision: second });
  });

  test('creates a key once, and again after it was deleted', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    await shards.create('1', { n: 1 });
    await expect(shards.create('1', { n: 2 })).rejects.toBeInstanceOf(RevisionConflictError);
    await shards.delete('1');
    expect(await shards.get('1')).toBeNull();
    await shards.create('1', { n: 3 });
    expect((await shards.get('1'))?.value).toEqual({ n: 3 });
  });

  test('updates and deletes only at the revision that was read', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    const old = await putKey(shards, '1', { n: 1 });
    const current = await shards.update('1', { n: 2 }, old);
    const late = shards.update('1', { n: 3 }, old);
    await expect(late).rejects.toMatchObject({ name: 'RevisionConflictError', bucket: 'shards', key: '1' });
    await expect(shards.delete('1', old)).rejects.toBeInstanceOf(RevisionConflictError);
    expect((await shards.get('1'))?.value).toEqual({ n: 2 });
    await shards.delete('1', current);
    expect(await shards.get('1')).toBeNull();
  });

  test('lists living keys, even right after another process wrote them', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using other = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    expect(await shards.list()).toEqual(new Map());
    const theirs = await other.bus.kv<Value>('shards');
    const revision = await putKey(theirs, 'a-1', { n: 1 });
    await putKey(theirs, '2', { n: 2 });
    await theirs.delete('2');
    expect(await shards.list()).toEqual(new Map([['a-1', { value: { n: 1 }, revision }]]));
  });

  test('accepts one of several writes at the same revision', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    const revision = await putKey(shards, '1', { n: 0 });
    const results = await Promise.allSettled([1, 2, 3].map((n) => shards.update('1', { n }, revision)));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  test('fails when a key holds no JSON', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using other = await otherTools(nats.url, 'shards');
    await other.kv.put('1', 'not { json');
    const shards = await made.bus.kv<Value>('shards');
    await expect(shards.get('1')).rejects.toBeInstanceOf(BadValueError);
  });

  test('lists values that can be used, and logs the others once', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using other = await otherTools(nats.url, 'ingestors');
    const ingestors = await made.bus.kv<Value>('ingestors', checkedValue);
    await putKey(ingestors, 'good', { n: 1 });
    await other.kv.put('bad', 'not { json');
    await other.kv.put('odd', '{"n":"one"}');
    for (let time = 0; time < 3; time += 1) expect([...(await ingestors.list()).keys()]).toEqual(['good']);
    expect(made.log.entries.filter(({ level }) => level === 'error')).toHaveLength(2);
    expect(made.log.count(/Key bad of bucket ingestors holds no JSON; left out/)).toBe(1);
    expect(made.log.count(/Key odd of bucket ingestors cannot be used: n is no number; left out/)).toBe(1);
    await expect(ingestors.get('odd')).rejects.toMatchObject({ name: 'BadValueError', revision: 3 });
  });

  test('fails as unavailable when the server does not come back in time', async (context) => {
    await using nats = await testNats();
    context.skip(!nats.canRestart, 'the server is not ours to end');
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    const revision = await putKey(shards, '1', { n: 1 });
    await nats.kill();
    await made.log.said(/Lost the connection/);
    const asked = [
      shards.get('1'),
      shards.list(),
      shards.create('2', { n: 2 }),
      shards.update('1', { n: 2 }, revision),
    ];
    for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ name: 'BusUnavailableError', disposition: 'retry' });
    }
    await nats.start();
  }, 30_000);

  test('is named when it does not exist', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    const shards = await made.bus.kv<Value>('shards');
    await expect(shards.get('1')).rejects.toMatchObject({ name: 'StreamMissingError', stream: 'KV_shards' });
    await expect(shards.create('1', { n: 1 })).rejects.toMatchObject({ disposition: 'retry' });
  });

  test('waits for a lost connection to come back', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using made = await testBus(way.url);
    const shards = await made.bus.kv<Value>('shards');
    way.mute();
    way.cut();
    await made.log.said(/Lost the connection/);
    const creating = shards.create('1', { n: 1 });
    way.unmute();
    await creating;
    expect((await shards.get('1'))?.value).toEqual({ n: 1 });
  });
});

describe.concurrent('a view', () => {
  test('is ready with all living keys', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    for (let n = 0; n < 50; n += 1) await putKey(shards, `${n}`, { n });
    await shards.delete('7');
    await using view = shards.view({ signal: made.stop.signal });
    await view.ready;
    expect(view.entries().size).toBe(49);
    expect(view.entries().get('3')).toEqual({ value: { n: 3 }, revision: 4 });
    expect(view.entries().has('7')).toBe(false);
  });

  test('is ready when the bucket is empty', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    await using view = (await made.bus.kv<Value>('shards')).view({ signal: made.stop.signal });
    await view.ready;
    expect(view.entries().size).toBe(0);
  });

  test('of revisions holds no values', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    const revision = await shards.create('1', { n: 1 });
    await using view = shards.revisions({ signal: made.stop.signal });
    await view.ready;
    expect(view.entries()).toEqual(new Map([['1', { value: null, revision }]]));
  });

  test('follows writes and deletions, and names the key', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    await using view = shards.view({ signal: made.stop.signal });
    await view.ready;
    const keys: string[] = [];
    view.onChange((key) => keys.push(key));
    await putKey(shards, 'a', { n: 1 });
    await when(view, () => view.entries().get('a')?.value.n === 1);
    await putKey(shards, 'a', { n: 2 });
    await when(view, () => view.entries().get('a')?.value.n === 2);
    await shards.delete('a');
    await when(view, () => !view.entries().has('a'));
    expect(keys).toEqual(['a', 'a', 'a']);
  });

  test('notices that a key expires and that a renewed one lives on', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { topology: withTtl(1_000) });
    const ingestors = await made.bus.kv<Value>('ingestors');
    // So long an interval that only the push can tell.
    await using view = ingestors.view({ signal: made.stop.signal, relistMs: 600_000 });
    await view.ready;
    await putKey(ingestors, 'dies', { n: 1 });
    await putKey(ingestors, 'lives', { n: 1 });
    const renewing = setInterval(() => putKey(ingestors, 'lives', { n: 2 }).catch(() => {}), 200);
    try {
      await when(view, () => view.entries().has('dies'));
      await when(view, () => !view.entries().has('dies'));
      expect(view.entries().get('lives')?.value).toEqual({ n: 2 });
      expect(await ingestors.get('dies')).toBeNull();
      await ingestors.create('dies', { n: 3 });
      await when(view, () => view.entries().get('dies')?.value.n === 3);
    } finally {
      clearInterval(renewing);
    }
  });

  test('drops keys that expired while the server was down', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using made = await testBus(nats.url, { topology: withTtl(1_000) });
    const ingestors = await made.bus.kv<Value>('ingestors');
    await using view = ingestors.view({ signal: made.stop.signal, relistMs: 600_000 });
    await view.ready;
    await putKey(ingestors, 'dies', { n: 1 });
    await when(view, () => view.entries().has('dies'));
    await nats.kill();
    await made.log.said(/Lost the connection/);
    expect(view.entries().has('dies')).toBe(true);
    // The server must be down for longer than the key lives, and nobody announces that.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await nats.start();
    await when(view, () => !view.entries().has('dies'));
    expect(await ingestors.get('dies')).toBeNull();
  });

  test('goes on after the server was killed', async ({ skip }) => {
    await using nats = await testNats();
    if (!nats.canRestart) skip('the server of TEST_NATS_URL is not ours to end');
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    await using view = shards.view({ signal: made.stop.signal, relistMs: 600_000 });
    await view.ready;
    await putKey(shards, 'before', { n: 1 });
    await nats.kill();
    await nats.start();
    await made.log.said(/Reconnected/);
    await putKey(shards, 'after', { n: 2 });
    await when(view, () => view.entries().size === 2);
    expect([...view.entries().keys()].sort()).toEqual(['after', 'before']);
  });

  test('learns after a reconnect what changed while it was cut off', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using near = await testBus(nats.url);
    await using far = await testBus(way.url);
    const shards = await near.bus.kv<Value>('shards');
    await putKey(shards, 'changed', { n: 1 });
    await putKey(shards, 'deleted', { n: 1 });
    await putKey(shards, 'purged', { n: 1 });
    await using other = await otherTools(nats.url, 'shards');
    await using view = (await far.bus.kv<Value>('shards')).view({ signal: far.stop.signal, relistMs: 600_000 });
    await view.ready;
    way.mute();
    way.cut();
    await far.log.said(/Lost the connection/);
    await putKey(shards, 'changed', { n: 2 });
    await shards.delete('deleted');
    await other.jsm.streams.purge('KV_shards', { filter: '$KV.shards.purged' });
    await putKey(shards, 'added', { n: 1 });
    way.unmute();
    await when(view, () => view.entries().get('changed')?.value.n === 2 && view.entries().has('added'));
    await when(view, () => !view.entries().has('deleted'));
    await when(view, () => !view.entries().has('purged')); // no message announces it
    expect(view.entries().size).toBe(2);
  });

  test('names a key that was written and deleted while it was cut off', async () => {
    await using nats = await testNats();
    await using way = await natsProxy(nats.url);
    await using near = await testBus(nats.url);
    await using far = await testBus(way.url);
    const leader = await near.bus.kv<Value>('leader');
    await using view = (await far.bus.kv<Value>('leader')).view({ signal: far.stop.signal, relistMs: 600_000 });
    await view.ready;
    const named = Promise.withResolvers<string>();
    view.onChange(named.resolve);
    way.mute();
    way.cut();
    await far.log.said(/Lost the connection/);
    await leader.create('scheduler', { n: 1 });
    await leader.delete('scheduler');
    way.unmute();
    expect(await named.promise).toBe('scheduler');
    expect(view.entries().size).toBe(0);
  });

  test('finds on its timer keys that are gone without a marker', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    await putKey(shards, 'stays', { n: 1 });
    await putKey(shards, 'purged', { n: 1 });
    await using view = shards.view({ signal: made.stop.signal, relistMs: 200 });
    await view.ready;
    expect(view.entries().size).toBe(2);
    await using other = await otherTools(nats.url, 'shards');
    await other.jsm.streams.purge('KV_shards', { filter: '$KV.shards.purged' });
    await when(view, () => !view.entries().has('purged'));
    expect([...view.entries().keys()]).toEqual(['stays']);
  });

  test('lists again when a key disappears while it is listed', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    await using other = await otherTools(nats.url, 'shards');
    const keys = Array.from({ length: 4_000 }, (_, n) => `${n}`);
    await Promise.all(keys.map((key) => other.kv.put(key, JSON.stringify({ n: 1, filler: 'x'.repeat(500) }))));
    // The last key to come is purged as soon as the view has a consumer.
    const purged = Promise.withResolvers<unknown>();
    other.nats.subscribe('$JS.EVENT.ADVISORY.CONSUMER.CREATED.KV_shards.>', {
      max: 1,
      callback: () => purged.resolve(other.jsm.streams.purge('KV_shards', { filter: '$KV.shards.3999' })),
    });
    await other.nats.flush();
    await using view = shards.view({ signal: made.stop.signal, relistMs: 600_000 });
    await purged.promise;
    await view.ready;
    await when(view, () => view.entries().size === 3_999);
  });

  test('starts over when the bucket was recreated', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    for (let n = 0; n < 10; n += 1) await putKey(shards, `${n}`, { n });
    await using view = shards.view({ signal: made.stop.signal, relistMs: 600_000 });
    await view.ready;
    await using other = await otherTools(nats.url, 'shards');
    await other.jsm.streams.delete('KV_shards');
    await made.bus.reconcile(made.stop.signal);
    await putKey(shards, '3', { n: 33 });
    await when(view, () => view.entries().get('3')?.value.n === 33);
    await when(view, () => view.entries().size === 1);
    await putKey(shards, 'new', { n: 1 });
    await when(view, () => view.entries().has('new'));
  });

  test('skips a value that is not JSON, logs it once, and keeps the value before it', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    for (const key of ['a', 'b', 'c', 'd']) await shards.create(key, { n: 1 });
    await using view = shards.view({ signal: made.stop.signal, relistMs: 50 });
    await view.ready;
    await using other = await otherTools(nats.url, 'shards');
    await other.kv.put('a', 'not { json');
    await made.log.said(/Key a of bucket shards holds no JSON/);
    expect(view.entries().get('a')?.value).toEqual({ n: 1 });
    // Each of these is noticed by another list of the bucket alone.
    for (const key of ['b', 'c', 'd']) {
      await other.jsm.streams.purge('KV_shards', { filter: `$KV.shards.${key}` });
      await when(view, () => !view.entries().has(key));
    }
    expect(made.log.count(/Key a of bucket shards/)).toBe(1);
    await putKey(shards, 'a', { n: 2 });
    await when(view, () => view.entries().get('a')?.value.n === 2);
  });

  test('skips a value that its reader cannot use, and lists such keys', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards', checkedValue);
    await putKey(shards, 'a', { n: 1 });
    await using view = shards.view({ signal: made.stop.signal });
    await view.ready;
    await putKey(shards, 'a', { n: 'one' } as never);
    const bad = await putKey(shards, 'b', null as never);
    await made.log.said(/Key a of bucket shards cannot be used: n is no number; the value before it stands/);
    await made.log.said(/Key b of bucket shards cannot be used: it is null; left out/);
    expect([...view.entries()].map(([key, { value }]) => [key, value])).toEqual([['a', { n: 1 }]]);
    expect(view.bad().get('b')).toBe(bad);
    await putKey(shards, 'b', { n: 2 });
    await when(view, () => view.entries().get('b')?.value.n === 2);
    expect([...view.bad().keys()]).toEqual(['a']);
  });

  test('waits for a bucket that does not exist yet', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    await using view = (await made.bus.kv<Value>('shards')).view({ signal: made.stop.signal });
    await made.log.said(/Cannot list bucket shards/);
    await made.bus.reconcile(made.stop.signal);
    await view.ready;
  });

  test('ends with its signal, even before it is ready', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url, { reconcile: false });
    const stop = new AbortController();
    const view = (await made.bus.kv<Value>('shards')).view({ signal: stop.signal });
    await made.log.said(/Cannot list bucket shards/);
    stop.abort(new Error('stopped by the test'));
    await expect(view.ready).rejects.toThrow('stopped by the test');
    await view[Symbol.asyncDispose]();
  });

  test('reports nothing after dispose', async () => {
    await using nats = await testNats();
    await using made = await testBus(nats.url);
    const shards = await made.bus.kv<Value>('shards');
    const view = shards.view({ signal: made.stop.signal });
    await using witness = shards.view({ signal: made.stop.signal });
    await Promise.all([view.ready, witness.ready]);
    const keys: string[] = [];
    view.onChange((key) => keys.push(key));
    await view[Symbol.asyncDispose]();
    await putKey(shards, 'a', { n: 1 });
    await when(witness, () => witness.entries().has('a'));
    expect(keys).toEqual([]);
  });
});

/** Resolves when `isTrue`, which is asked at each change of the view. */
async function when(view: KvView<Value>, isTrue: () => boolean): Promise<void> {
  if (isTrue()) return;
  const done = Promise.withResolvers<void>();
  const forget = view.onChange(() => {
    if (isTrue()) done.resolve();
  });
  await done.promise;
  forget();
}

function withTtl(ttlMs: number) {
  const { ingestors } = TOPOLOGY.buckets;
  return { ...TOPOLOGY, buckets: { ...TOPOLOGY.buckets, ingestors: { ...ingestors, ttlMs } } };
}

/** The bucket as other tools write it, past this package. */
function checkedValue(value: unknown): string | null {
  if (value === null) return 'it is null';
  return typeof (value as Value).n === 'number' ? null : 'n is no number';
}

async function otherTools(url: string, bucket: string) {
  const operator = await operatorOf(url);
  return { ...operator, kv: await new Kvm(operator.nats).open(bucket) };
}
