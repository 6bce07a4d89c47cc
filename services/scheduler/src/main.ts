/** The scheduler: publishes the venue's markets, prices, books and resolutions, and plans the shards. One of several leads. */
import { hostname } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Bus } from '@polytape/bus';
import { ClobClient, DataClient, GammaClient, VenueHttp } from '@polytape/polymarket';
import { beginService, HealthServer, Metrics, newInstanceId } from '@polytape/service';
import { COMMANDS, type LeaderRecord, type Shard, shardFault } from '@polytape/types';
import { configTable, jobSettings, planLimits, settingsNotice } from './config.ts';
import { LastingPublishers } from './lasting-publishers.ts';
import { Leadership } from './leadership/leadership.ts';
import { INQUIRY_LIMITS } from './markets/inquiries.ts';
import { registerMetrics } from './register-metrics.ts';
import { Scheduler, UNACKNOWLEDGED_MS_MAX } from './scheduler.ts';
import { newCounters } from './scheduler-counters.ts';

const { config, log, stop } = beginService({
  name: 'scheduler',
  purpose: 'discovers the markets, plans the shards, and records prices, books and resolutions.',
  table: configTable,
  argv: process.argv.slice(2),
  env: process.env,
});
// Much lives long and little dies, so V8's default, a heap that may grow to several times what lives, would cost 400 MB.
setFlagsFromString('--heap-growing-percent=30');
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

await using publishers = new LastingPublishers(bus);
const leadership = new Leadership({
  bucket: await bus.kv<LeaderRecord>('leader'),
  schedulerId,
  log,
});
// Shared by all jobs, because they share the venue's rate limits.
const http = new VenueHttp({ log });
const scheduler = new Scheduler({
  schedulerId,
  bus,
  leadership,
  publishers,
  shards: await bus.kv<Shard>('shards', shardFault),
  venue: {
    gamma: new GammaClient({ url: config.POLYMARKET_GAMMA_URL, http }),
    clob: new ClobClient({ url: config.POLYMARKET_CLOB_URL, http }),
    data: new DataClient({ url: config.POLYMARKET_DATA_URL, http }),
  },
  jobs: jobSettings(config),
  plan: planLimits(config),
  inquiries: INQUIRY_LIMITS,
  figuresIntervalMs: config.MARKET_FIGURES_INTERVAL_MS,
  unacknowledgedMsMax: UNACKNOWLEDGED_MS_MAX,
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
