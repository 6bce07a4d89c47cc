/** The ingestor: records the plan's shards, with one WebSocket connection each, and publishes every trade to JetStream. */
import { hostname } from 'node:os';
import { Bus } from '@polytape/bus';
import { atMost } from '@polytape/resilience';
import { beginService, HealthServer, Metrics, newInstanceId } from '@polytape/service';
import { COMMANDS } from '@polytape/types';
import { configOrder, configTable } from './config.ts';
import { Ingestor } from './ingestor.ts';
import { newCounters } from './ingestor-counters.ts';
import { UnparsedPublisher } from './publishing/unparsed-publisher.ts';
import { registerMetrics } from './register-metrics.ts';

const { config, log, stop } = beginService({
  name: 'ws-ingestor',
  purpose: 'records the shards of the plan and publishes every trade to JetStream.',
  table: configTable,
  order: configOrder,
  argv: process.argv.slice(2),
  env: process.env,
});
const { signal } = stop;
const PUBLISHED_MS_MAX = 5_000;
const SETTLED_MS_MAX = 5_000;
/** The first books of a whole shard arrive in one frame. */
const FRAME_BYTES_MAX = 128 * 1024 ** 2;
const metrics = new Metrics();
const counters = newCounters();
const ingestorId = newInstanceId(hostname());

await using health = await HealthServer.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, metrics, log });
health.report(() => ['waiting for NATS (NATS_URL)']);
await using bus = await Bus.connect({ url: config.NATS_URL, name: ingestorId, log, signal });
await bus.reconcile(signal, { replicas: config.NATS_REPLICAS });

// Disposed last to first: the connections close, what they delivered is acknowledged, then the bus closes.
await using publisher = bus.publisher({
  unacknowledgedMax: config.PUBLISH_UNACKNOWLEDGED_MAX,
  queueMax: config.PUBLISH_QUEUE_MAX,
});
using _unfinished = stop.unfinished(() => ingestor.unfinished());
// Also if an error ends the process: publish what was received, if JetStream answers soon.
await using _published = { [Symbol.asyncDispose]: () => atMost(PUBLISHED_MS_MAX, publisher.acknowledged()) };
await using unparsedPublisher = new UnparsedPublisher({ ingestorId, bus, counters, log });
await using ingestor = new Ingestor({
  ...{ ingestorId, bus, publisher, unparsedPublisher, counters, log },
  url: config.POLYMARKET_WS_URL,
  redundancy: config.REDUNDANCY,
  shardsMax: config.SHARDS_PER_INGESTOR_MAX,
  overlapMs: config.OVERLAP_MS,
  handOverMsMax: config.HAND_OVER_MS_MAX,
  lifecycleShards: config.LIFECYCLE_SHARDS,
  connections: {
    paceMs: config.CONNECT_PACE_MS,
    firstBookTimeoutMs: config.FIRST_BOOK_TIMEOUT_MS,
    frameBytesMax: FRAME_BYTES_MAX,
  },
  recycling: {
    recyclesMax: config.RECYCLES_MAX,
    pollutionMax: config.RECYCLE_POLLUTION_PERCENT / 100,
    ageMsMin: config.RECYCLE_AGE_MS_MIN,
    ageMsMax: config.RECYCLE_AGE_MS_MAX,
  },
  stalls: { stallMsMin: config.STALL_MS_MIN, stallMsMax: config.STALL_MS_MAX },
});

registerMetrics(metrics, { ingestor, publisher, unparsedPublisher, counters });
health.report(() => ingestor.readiness());
await using _status = bus.serve(COMMANDS.status, () => ingestor.status());
await using _recycle = bus.serve(COMMANDS.recycle, (request) => ingestor.recycle(request));
stop.endWith(bus.closed, 'The connection to NATS closed for good.');
await ingestor.run(signal);
await publisher.finish({ settleMsMax: SETTLED_MS_MAX });
log.info(counters, 'Stopped. JetStream has acknowledged everything received.');
