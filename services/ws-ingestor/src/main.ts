/** The ingestor: one WebSocket connection per shard of the plan, every trade published to JetStream. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Bus } from '@polytape/bus';
import { beginService, HealthServer, Metrics, newInstanceId } from '@polytape/service';
import { COMMANDS } from '@polytape/types';
import { configOrder, configTable } from './config.ts';
import { Ingestor } from './ingestor.ts';
import { newCounters } from './ingestor-counters.ts';
import { registerMetrics } from './register-metrics.ts';
import { recycledShard } from './replacement/recycle-request.ts';

const { config, log, stop } = beginService({
  name: 'ws-ingestor',
  purpose: 'subscribes to the shards of the plan and publishes every trade.',
  table: configTable,
  order: configOrder,
  argv: process.argv.slice(2),
  env: process.env,
});
const { signal } = stop;
const PUBLISHED_MS_MAX = 5_000;
const metrics = new Metrics();
const counters = newCounters();
const ingestorId = newInstanceId(hostname());

await using health = await HealthServer.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, metrics, log });
health.report(() => ['waiting for NATS (NATS_URL)']);
await using bus = await Bus.connect({ url: config.NATS_URL, name: ingestorId, log, signal });
await bus.reconcile(signal, { replicas: config.NATS_REPLICAS });

// Released last to first: the connections close, what they delivered is acknowledged, then the bus goes.
await using publisher = bus.publisher({
  unacknowledgedMax: config.PUBLISH_UNACKNOWLEDGED_MAX,
  queueMax: config.PUBLISH_QUEUE_MAX,
});
using _unfinished = stop.unfinished(() => ingestor.unfinished());
// Also where an error ends it: what was received goes out, as far as JetStream answers soon.
await using _published = {
  [Symbol.asyncDispose]: () => Promise.race([publisher.idle(), delay(PUBLISHED_MS_MAX, undefined, { ref: false })]),
};
await using ingestor = new Ingestor({
  ingestorId,
  url: config.POLYMARKET_WS_URL,
  redundancy: config.REDUNDANCY,
  shardsMax: config.SHARDS_PER_INGESTOR_MAX,
  overlapMs: config.OVERLAP_MS,
  firstBookTimeoutMs: config.FIRST_BOOK_TIMEOUT_MS,
  handOverMsMax: config.HAND_OVER_MS_MAX,
  connectPaceMs: config.CONNECT_PACE_MS,
  recyclesMax: config.RECYCLES_MAX,
  pollutionMax: config.RECYCLE_POLLUTION_PERCENT / 100,
  ageMsMin: config.RECYCLE_AGE_MS_MIN,
  ageMsMax: config.RECYCLE_AGE_MS_MAX,
  stallMsMin: config.STALL_MS_MIN,
  stallMsMax: config.STALL_MS_MAX,
  lifecycleShards: config.LIFECYCLE_SHARDS,
  bus,
  publisher,
  counters,
  log,
});

registerMetrics(metrics, { ingestor, publisher, counters });
health.report(() => ingestor.readiness());
await using _status = bus.serve(COMMANDS.status, () => ingestor.status());
await using _recycle = bus.serve(COMMANDS.recycle, (request) => ({
  ingestorId,
  ...ingestor.recycle(recycledShard(request)),
}));
stop.endWith(bus.closed, 'The connection to NATS closed for good.');
await ingestor.run(signal);
await publisher.idle();
log.info(counters, 'Stopped; everything received is acknowledged by JetStream.');
