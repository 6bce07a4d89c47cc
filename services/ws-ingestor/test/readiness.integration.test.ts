import { Bus } from '@polytape/bus';
import { silentLog } from '@polytape/resilience';
import { testNats } from '@polytape/test-servers';
import type { Shard } from '@polytape/types';
import { VenueSim } from '@polytape/venue-sim';
import { expect, test } from 'vitest';
import { Ingestor } from '../src/ingestor.ts';
import { newCounters } from '../src/ingestor-counters.ts';
import { UnparsedPublisher } from '../src/publishing/unparsed-publisher.ts';
import { recordingLog } from './recording/recorder-bed.ts';
import { timePasses } from './time-passes.ts';

test('an ingestor whose sockets are open and deliver nothing is not ready after a minute, and says why', async () => {
  await using stack = new AsyncDisposableStack();
  const venue = stack.use(await VenueSim.start({ markets: 4, oddMarkets: 0, trading: false }));
  const nats = stack.use(await testNats());
  const stop = new AbortController();
  const bus = stack.use(await Bus.connect({ url: nats.url, name: 'test', log: silentLog, signal: stop.signal }));
  await bus.reconcile(stop.signal);
  const tokens = venue
    .openMarketList()
    .flatMap(({ conditionId, tokenIds }) => tokenIds.map((tokenId) => ({ tokenId, conditionId })));
  const plan = await bus.kv<Shard>('shards');
  await plan.create('0', { version: 1, tokens: tokens.slice(0, 4) });
  await plan.create('1', { version: 1, tokens: tokens.slice(4) });
  const ingestor = ingestorOf({ stack, bus, url: venue.urls.ws });

  venue.stall({ newSockets: true });
  const running = ingestor.run(stop.signal);
  await expect.poll(() => venue.status().sockets.length, { timeout: 20_000 }).toBe(2);
  await expect.poll(() => ingestor.readiness(), { timeout: 20_000 }).toEqual([]);
  timePasses(61_000);
  expect(ingestor.readiness()).toEqual([
    '2 of its 2 shards have been without their first books for over a minute, though their connections are open',
  ]);
  venue.unstall('all');
  venue.drop();
  await expect.poll(() => ingestor.readiness(), { timeout: 20_000 }).toEqual([]);
  stop.abort();
  await running;
});

function ingestorOf(o: { stack: AsyncDisposableStack; bus: Bus; url: string }): Ingestor {
  const [counters, log] = [newCounters(), recordingLog([])];
  const publisher = o.stack.use(o.bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 }));
  const unparsedPublisher = o.stack.use(new UnparsedPublisher({ ingestorId: 'test-1', bus: o.bus, counters, log }));
  return o.stack.use(
    new Ingestor({
      ...{ ingestorId: 'test-1', url: o.url, bus: o.bus, publisher, unparsedPublisher, counters, log },
      ...{ redundancy: 1, shardsMax: 10, lifecycleShards: 0, overlapMs: 100, handOverMsMax: 0 },
      connections: { paceMs: 0, firstBookTimeoutMs: 600_000, frameBytesMax: 2 ** 20 },
      recycling: { recyclesMax: 2, pollutionMax: 1, ageMsMin: 1e9, ageMsMax: 1e9 },
      stalls: { stallMsMin: 600_000, stallMsMax: 600_000 },
    }),
  );
}
