import { Bus } from '@polytape/bus';
import { createLogger } from '@polytape/service';
import { testNats } from '@polytape/test-servers';
import { type Shard, shardFault } from '@polytape/types';
import { expect, test } from 'vitest';
import { LeaderTerm } from '../src/leader-term.ts';
import { ShardPlan } from '../src/shard-plan.ts';

const shard: Shard = { version: 1, tokens: [{ tokenId: '1', conditionId: '0x1' }] };

test('a plan leaves out what is no shard, and overwrites it where its number is needed', async () => {
  await using nats = await testNats();
  const log = createLogger({ service: 'test', level: 'error' });
  const stop = new AbortController();
  await using bus = await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal });
  await bus.reconcile(stop.signal);
  const bucket = await bus.kv<Shard>('shards', shardFault);
  await bucket.put('0', { version: 1 } as Shard);
  await bucket.put('1', shard);
  await bucket.put('everything', shard);
  const term = new LeaderTerm(stop.signal, 3_600_000);
  term.extend(performance.now());

  const plan = await ShardPlan.read(bucket, term);
  expect([...plan.shards]).toEqual([[1, shard]]);
  await plan.write({ number: 0, shard });
  await plan.write({ number: 0, shard: { ...shard, version: 2 } });
  expect((await bucket.get('0'))?.value.version).toBe(2);
  stop.abort(new Error('the test has ended'));
  term.end('the test has ended');
});
