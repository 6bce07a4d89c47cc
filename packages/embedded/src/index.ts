export type { EmbeddedServer, Progress, ServerExit } from './embedded-server.ts';
export { EmbeddedServerError, type EmbeddedServerErrorReason } from './errors.ts';
export { freePort } from './free-port.ts';
export { type NatsServerBinary, prepareNatsServer } from './nats/nats-server-binary.ts';
export { startNatsServer } from './nats/start-nats-server.ts';
export { type PostgresBinaries, preparePostgres, type TimescaleFiles } from './postgres/postgres-binaries.ts';
export { startPostgres } from './postgres/start-postgres.ts';
