import { type ConfigTable, processSettings, text, url } from '@polytape/service';

/** What the commands read themselves; `demo` and `start` hand everything on to the services. */
export const configTable = {
  POLYTAPE_DATA_DIR: text({
    default: '.polytape',
    takes: 'a directory',
    description: 'Where the embedded servers keep their data, and where `runtime.json` and the logs are.',
  }),
  NATS_URL: url({
    default: '',
    protocols: ['nats:', 'tls:'],
    secret: true,
    description:
      'NATS server for `start` to use (`demo` embeds its own), and of the recorder that `status`, `subscribe` and `recycle` speak to. Not set: one is embedded, and found by `runtime.json`; that of `docker compose` is found by `.env`.',
  }),
  DATABASE_URL: url({
    default: '',
    protocols: ['postgresql:', 'postgres:'],
    secret: true,
    description: 'TimescaleDB or PostgreSQL for `start` to use (`demo` embeds its own). Not set: one is embedded.',
  }),
  NATS_SERVER_BIN: text({
    default: '',
    takes: 'a path',
    description: 'The nats-server (2.12 or newer) to embed. Not set: the one on PATH, or one that is fetched.',
  }),
  LOG_LEVEL: processSettings.LOG_LEVEL,
} satisfies ConfigTable;
