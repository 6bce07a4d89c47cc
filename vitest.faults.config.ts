import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** `pnpm test:faults`: the same assertions as in short tests, at full size and full length. CI runs them every night. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['packages/e2e/faults/**/*.test.ts'],
    // Each of these tests needs a core of its own.
    maxWorkers: 2,
  },
});
