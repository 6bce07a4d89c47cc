import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.live.test.ts'],
    globalSetup: ['packages/test-servers/src/global-setup.ts'],
    // A given NATS server is one for all tests, and each empties it first.
    fileParallelism: !process.env.TEST_NATS_URL,
    maxConcurrency: process.env.TEST_NATS_URL ? 1 : 5,
    // Most tests wait for servers more than they compute; vitest's own choice leaves one of two cores idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
