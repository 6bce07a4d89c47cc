export { deleteStreams } from './delete-streams.ts';
export { natsOptions } from './nats-options.ts';
export { POWER_LOSSES, type PowerLoss } from './power-loss.ts';
export { putKey } from './put-key.ts';
export { type TcpProxy, tcpProxy } from './tcp-proxy.ts';
export {
  type DatabaseSession,
  databaseSession,
  type Preparation,
  type TestDatabase,
  testDatabase,
} from './test-database.ts';
export { testNats } from './test-nats.ts';
export type { TestNats } from './test-nats-server.ts';
