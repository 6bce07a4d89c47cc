export { deleteStreams } from './delete-streams.ts';
export { natsOptions } from './nats-options.ts';
export { type TestDatabase, testDatabase } from './test-database.ts';
export { testNats } from './test-nats.ts';
export type { TestNats } from './test-nats-server.ts';
