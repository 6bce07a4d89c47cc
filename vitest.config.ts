import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Most of the CPU time of a short-lived process is the compilation of its modules. Test workers and the services and commands
// that tests start share the compiled code; `packages/e2e` passes the variable on.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.polytape', 'cache', 'compiled');

// Temporary data of tests stays in memory where Linux has enough of it (most containers do not). A database has about 900 files:
// creating and dropping it took three times the CPU on a disk.
const MEMORY = '/dev/shm';
const MEMORY_BYTES_MIN = 4 * 1024 ** 3;
if (existsSync(MEMORY)) {
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize >= MEMORY_BYTES_MIN) process.env.TMPDIR = MEMORY;
}

/** Long files first, so that none of them is left running alone at the end: tests across processes, then those with servers. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LONG.findIndex((pattern) => pattern.test(moduleId));
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
const LONG = [/\/e2e\//, /\.integration\.test\.ts$/, /./];

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.live.test.ts'],
    globalSetup: ['packages/test-servers/src/global-setup.ts'],
    // A given NATS server is one for all tests, and each empties it first.
    fileParallelism: !process.env.TEST_NATS_URL,
    maxConcurrency: process.env.TEST_NATS_URL ? 1 : 5,
    // The files of a worker share the loaded modules: loading them again for each file took a third of a unit test's CPU time.
    isolate: false,
    // Most tests wait for servers more than they compute. The maximum keeps to the connections of one PostgreSQL.
    maxWorkers: Math.min(2 * availableParallelism(), 8),
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
