import { type ConfigTable, choice, integer, text, url } from './config-table.ts';
import { LOG_LEVELS } from './logger.ts';

/** Settings of every process. */
export const processSettings = {
  HTTP_HOST: text({
    default: '127.0.0.1',
    takes: 'an address of this machine',
    description: 'Address on which health and metrics listen.',
  }),
  HTTP_PORT: integer({
    default: 0,
    min: 0,
    max: 65_535,
    description: 'Port of /healthz, /readyz and /metrics; 0 picks a free one and logs it.',
  }),
  LOG_LEVEL: choice({ default: 'info', values: LOG_LEVELS, description: 'Minimum log level.' }),
  STOP_DEADLINE_MS: integer({
    default: 10_000,
    min: 100,
    description: 'Time limit of a stop. After it, the process exits with unfinished work.',
  }),
} satisfies ConfigTable;

/** Settings of every process that uses JetStream. */
export const busSettings = {
  NATS_URL: url({
    default: 'nats://127.0.0.1:4222',
    protocols: ['nats:', 'tls:'],
    secret: true,
    description: 'NATS server with JetStream, 2.12 or newer; may include user and password.',
  }),
  NATS_REPLICAS: integer({
    default: 1,
    min: 1,
    max: 5,
    description: 'Replicas of each stream and bucket: 1, or 3 in a cluster.',
  }),
} satisfies ConfigTable;
