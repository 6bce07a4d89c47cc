export type { EmbeddedServer, ServerExit } from './embedded-server.ts';
export { EmbeddedServerError, type EmbeddedServerErrorReason } from './embedded-server-error.ts';
export { freePort } from './free-port.ts';
export { type NatsServerBinary, prepareNatsServer } from './nats-server-binary.ts';
export { type PostgresBinaries, preparePostgres, type TimescaleFiles } from './postgres-binaries.ts';
export type { Progress } from './progress.ts';
export { startNatsServer } from './start-nats-server.ts';
export { startPostgres } from './start-postgres.ts';
