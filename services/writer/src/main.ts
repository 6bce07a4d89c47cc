/** The writer: reads each stream from the database's own position and commits it in batches to TimescaleDB. */
import { hostname } from 'node:os';
import { Bus } from '@polytape/bus';
import { beginService, HealthServer, Metrics, newInstanceId } from '@polytape/service';
import { Database } from '@polytape/tapedb';
import { COMMANDS } from '@polytape/types';
import { configTable } from './config.ts';
import { Writer } from './writer.ts';

const { config, log, stop } = beginService({
  name: 'writer',
  purpose: 'commits the log to the database.',
  table: configTable,
  argv: process.argv.slice(2),
  env: process.env,
});
const { signal } = stop;
const metrics = new Metrics();

await using health = await HealthServer.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, metrics, log });
health.report(() => ['waiting for PostgreSQL (DATABASE_URL)']);
await using database = await Database.open({
  url: config.DATABASE_URL,
  applicationName: 'polytape-writer',
  log,
  signal,
});
await database.migrate();
health.report(() => ['waiting for NATS (NATS_URL)']);
await using bus = await Bus.connect({ url: config.NATS_URL, name: 'writer', log, signal });
await bus.reconcile(signal, { replicas: config.NATS_REPLICAS });

const writer = new Writer({
  writerId: newInstanceId(hostname()),
  bus,
  database,
  metrics,
  limits: {
    rowsMax: config.BATCH_ROWS_MAX,
    bytesMax: config.BATCH_BYTES_MAX,
    ageMsMax: config.BATCH_AGE_MS_MAX,
  },
  takeoverAfterMs: config.TAKEOVER_AFTER_MS,
  retentionDays: {
    trades: config.RETENTION_TRADES_DAYS,
    price_snapshots: config.RETENTION_PRICES_DAYS,
    book_snapshots: config.RETENTION_BOOKS_DAYS,
    unparsed: config.RETENTION_UNPARSED_DAYS,
    dead_letters: config.RETENTION_DEAD_LETTERS_DAYS,
  },
  log,
});
health.report(() => writer.readiness());
using _unfinished = stop.unfinished(() => writer.unfinished());
await using _status = bus.serve(COMMANDS.status, () => writer.status());
stop.endWith(bus.closed, 'The connection to NATS closed for good.');
await writer.run(signal);
log.info({}, 'Stopped. All running transactions are committed.');
