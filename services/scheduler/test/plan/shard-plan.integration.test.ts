import { Bus } from '@polytape/bus';
import { createLogger } from '@polytape/service';
import { putKey, testNats } from '@polytape/test-servers';
import { type Shard, shardFault } from '@polytape/types';
import { expect, test } from 'vitest';
import { LeaderTerm } from '../../src/leadership/leader-term.ts';
import { PlanChangedError, ShardPlan } from '../../src/plan/shard-plan.ts';

const shard: Shard = { version: 1, tokens: [{ tokenId: '1', conditionId: '0x1' }] };

test('a plan leaves out what is no shard, and overwrites it where its number is needed', async () => {
  await using bed = await planBed();
  await putKey(bed.bucket, '0', NO_SHARD);
  await putKey(bed.bucket, '1', shard);
  await putKey(bed.bucket, 'everything', shard);

  const plan = await ShardPlan.read(bed.bucket, bed.term);
  expect([...plan.shards]).toEqual([[1, shard]]);
  await plan.write({ number: 0, shard });
  await plan.write({ number: 0, shard: { ...shard, version: 2 } });
  expect((await bed.bucket.get('0'))?.value.version).toBe(2);
});

test('a leader whose shard somebody else made unusable reads the plan anew, and only once for that', async () => {
  await using bed = await planBed();
  const plan = await ShardPlan.read(bed.bucket, bed.term);
  await plan.write({ number: 0, shard });
  const watching = plan.run(bed.term.signal);
  await putKey(bed.bucket, '0', NO_SHARD);
  await expect(watching).rejects.toBeInstanceOf(PlanChangedError);

  const next = await ShardPlan.read(bed.bucket, bed.term);
  let failure: unknown = null;
  const watchingAgain = next.run(bed.term.signal).catch((error) => {
    failure = error;
  });
  await next.write({ number: 1, shard });
  await next.write({ number: 0, shard: { ...shard, version: 5 } });
  await using view = bed.bucket.view({ signal: bed.term.signal });
  await view.ready;
  expect(view.entries().get('0')?.value.version).toBe(5);
  bed.stop();
  await watchingAgain;
  expect(failure).toBeNull();
});

const NO_SHARD = { version: 1 } as Shard;

async function planBed() {
  await using resources = new AsyncDisposableStack();
  const nats = resources.use(await testNats());
  const log = createLogger({ service: 'test', level: 'error' });
  const stop = new AbortController();
  const bus = resources.use(await Bus.connect({ url: nats.url, name: 'test', log, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const term = new LeaderTerm(stop.signal, 3_600_000);
  term.extend(performance.now());
  const end = () => {
    stop.abort(new Error('the test has ended'));
    term.end('the test has ended');
  };
  resources.defer(end);
  const bucket = await bus.kv<Shard>('shards', shardFault);
  const owned = resources.move();
  return { bucket, term, stop: end, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
