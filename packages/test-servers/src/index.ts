export { type TestDatabase, testDatabase } from './test-database.ts';
export { type TestNats, testNats } from './test-nats.ts';
