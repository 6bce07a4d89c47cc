import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import './provided-context.ts';
import { ServerBroker } from './server-broker.ts';
import { stackFrom } from './stack.ts';

/**
 * vitest's global setup: offers servers to all test files, and stops them when the run ends. Servers start on first use, so
 * that a run of unit tests waits for none.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await ServerBroker.open({
    stack: stackFrom(process.env),
    cacheDir: join(import.meta.dirname, '..', '..', '..', '.polytape', 'cache'),
    natsServerBinary: process.env.NATS_SERVER_BIN,
    progress: (sentence) => console.error(sentence),
  });
  project.provide('polytapeServerBroker', { url: broker.url });
  return () => broker[Symbol.asyncDispose]();
}
