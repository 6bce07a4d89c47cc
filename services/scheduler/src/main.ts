/** The scheduler: discovers the venue's open markets, publishes their documents and plans the shards. */
import { Bus } from '@polytape/bus';
import { GammaClient, VenueHttp } from '@polytape/polymarket';
import { beginService, HealthServer, Metrics } from '@polytape/service';
import { configTable } from './config.ts';
import { registerMetrics } from './register-metrics.ts';
import { Scheduler } from './scheduler.ts';
import { newCounters } from './scheduler-counters.ts';

const { config, log, stop } = beginService({
  name: 'scheduler',
  purpose: 'discovers the open markets and plans the shards.',
  table: configTable,
  argv: process.argv.slice(2),
  env: process.env,
});
const { signal } = stop;
const metrics = new Metrics();
const counters = newCounters();

await using health = await HealthServer.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, metrics, log });
health.report(() => ['waiting for NATS (NATS_URL)']);
await using bus = await Bus.connect({ url: config.NATS_URL, name: 'scheduler', log, signal });
await bus.reconcile(signal, { replicas: config.NATS_REPLICAS });
await using publisher = bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });

const scheduler = new Scheduler({
  bus,
  publisher,
  gamma: new GammaClient({ url: config.POLYMARKET_GAMMA_URL, http: new VenueHttp({ log }) }),
  discoveryIntervalMs: config.DISCOVERY_INTERVAL_MS,
  tokensTarget: config.SHARD_TOKENS_TARGET,
  counters,
  log,
});
registerMetrics(metrics, { scheduler, counters });
health.report(() => scheduler.readiness());
stop.endWith(bus.closed, 'The connection to NATS closed for good.');
await scheduler.run(signal);
log.info(counters, 'Stopped.');
