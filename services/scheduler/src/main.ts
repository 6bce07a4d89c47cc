/** The scheduler: one of any number leads; it publishes the venue's markets, prices, books and resolutions, and plans the shards. */
import { hostname } from 'node:os';
import { Bus } from '@polytape/bus';
import { ClobClient, DataClient, GammaClient, VenueHttp } from '@polytape/polymarket';
import { beginService, HealthServer, Metrics, newInstanceId } from '@polytape/service';
import { COMMANDS, type LeaderRecord, type Shard, shardFault } from '@polytape/types';
import { configTable, jobSchedules, planLimits, settingsNotice } from './config.ts';
import { Leadership } from './leadership/leadership.ts';
import { registerMetrics } from './register-metrics.ts';
import { Scheduler } from './scheduler.ts';
import { newCounters } from './scheduler-counters.ts';

const { config, log, stop } = beginService({
  name: 'scheduler',
  purpose: 'discovers the markets, plans the shards, and records prices, books and resolutions.',
  table: configTable,
  argv: process.argv.slice(2),
  env: process.env,
});
const { signal } = stop;
const metrics = new Metrics();
const counters = newCounters();
const schedulerId = newInstanceId(hostname());
const notice = settingsNotice(config);
if (notice !== null) log.warn({}, notice);

await using health = await HealthServer.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, metrics, log });
health.report(() => ['waiting for NATS (NATS_URL)']);
await using bus = await Bus.connect({ url: config.NATS_URL, name: 'scheduler', log, signal });
await bus.reconcile(signal, { replicas: config.NATS_REPLICAS });

const leadership = new Leadership({
  bucket: await bus.kv<LeaderRecord>('leader'),
  schedulerId,
  log,
});
// One for all jobs: they share the venue's rate limits.
const http = new VenueHttp({ log });
const scheduler = new Scheduler({
  schedulerId,
  bus,
  leadership,
  shards: await bus.kv<Shard>('shards', shardFault),
  gamma: new GammaClient({ url: config.POLYMARKET_GAMMA_URL, http }),
  clob: new ClobClient({ url: config.POLYMARKET_CLOB_URL, http }),
  data: new DataClient({ url: config.POLYMARKET_DATA_URL, http }),
  schedules: jobSchedules(config),
  shrinkPercentMax: config.DISCOVERY_SHRINK_PERCENT_MAX,
  figuresIntervalMs: config.MARKET_FIGURES_INTERVAL_MS,
  booksTokensMax: config.BOOKS_TOKENS_MAX,
  limits: planLimits(config),
  counters,
  log,
});
registerMetrics(metrics, { scheduler, leadership, http, counters });
health.report(
  () => scheduler.readiness(),
  () => scheduler.activity(),
);
await using _status = bus.serve(COMMANDS.status, () => scheduler.status());
// Its term ends in order, so that another scheduler leads at once.
using _unfinished = stop.unfinished(() => null);
stop.endWith(bus.closed, 'The connection to NATS closed for good.');
await scheduler.run(signal);
log.info(counters, 'Stopped.');
