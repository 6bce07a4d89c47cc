import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Most of the CPU time of a short-lived process is the compilation of its modules. Test workers and the services and commands
// that tests start share the compiled code; `packages/e2e` passes the variable on.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.polytape', 'cache', 'compiled');

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.live.test.ts'],
    globalSetup: ['packages/test-servers/src/global-setup.ts'],
    // A given NATS server is one for all tests, and each empties it first.
    fileParallelism: !process.env.TEST_NATS_URL,
    // The files of a worker share the loaded modules: loading them again for each file took a third of a unit test's CPU time.
    isolate: false,
    // Most tests wait for servers more than they compute.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
