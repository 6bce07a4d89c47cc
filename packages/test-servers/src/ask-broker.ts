import { inject } from 'vitest';
import type { BrokerAnswers } from './server-broker.ts';
import './provided-context.ts';

/** Asks the broker of this vitest run, and waits while it fetches or starts a server. */
export async function askBroker<Path extends keyof BrokerAnswers>(path: Path): Promise<BrokerAnswers[Path]> {
  const broker = inject('polytapeServerBroker');
  if (broker === undefined) {
    throw new Error('No server broker: vitest must run with the global setup of packages/test-servers.');
  }
  const response = await fetch(`${broker.url}${path}`);
  if (!response.ok) throw new Error(`No server for this test: ${await response.text()}`);
  return (await response.json()) as BrokerAnswers[Path];
}
