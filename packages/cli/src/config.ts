import { type ConfigTable, processSettings, text, url } from '@polytape/service';

/** Settings of the commands themselves. `demo` and `start` pass the whole environment on to the services. */
export const configTable = {
  POLYTAPE_DATA_DIR: text({
    default: '.polytape',
    takes: 'a directory',
    description: 'Directory for the data of the embedded servers, `runtime.json` and the logs.',
  }),
  NATS_URL: url({
    default: '',
    protocols: ['nats:', 'tls:'],
    secret: true,
    description:
      'NATS server. `start` uses it instead of an embedded one (`demo` always embeds its own). `status`, `subscribe` and `recycle` talk to it; without it they look in `runtime.json`, then in `.env` for `docker compose`.',
  }),
  DATABASE_URL: url({
    default: '',
    protocols: ['postgresql:', 'postgres:'],
    secret: true,
    description:
      'TimescaleDB or PostgreSQL. `start` uses it instead of an embedded one (`demo` always embeds its own).',
  }),
  NATS_SERVER_BIN: text({
    default: '',
    takes: 'a path',
    description: 'The nats-server (2.12 or newer) to embed. Default: the one on PATH, or one fetched from Debian.',
  }),
  LOG_LEVEL: processSettings.LOG_LEVEL,
} satisfies ConfigTable;
