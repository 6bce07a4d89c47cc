import { type Runtime, sumOfMetric } from '../polytape-home.ts';
import type { ProcessUnderTest } from '../process-under-test.ts';
import { until } from '../until.ts';

/** Services of a demo. */
export const DEMO_SERVICES = ['scheduler-1', 'writer-1', 'ws-ingestor-1'];
/** Processes that a demo starts, besides its venue. */
export const DEMO_PROCESSES = ['nats', 'postgres', ...DEMO_SERVICES];
/** Options of a demo with little load. */
export const SMALL_DEMO = ['--markets', '60', '--trades-per-second', '100', '--json'];

/** Whether every process of the demo runs. */
export function isCompleteDemo({ pids, http }: Runtime): boolean {
  return DEMO_PROCESSES.every((name) => name in pids) && DEMO_SERVICES.every((name) => name in http);
}

/** Resolves when the writer of this run has stored trades. */
export async function recording(runtime: Runtime): Promise<void> {
  await until('trades written', async () => (await sumOfMetric(runtime, 'polytape_writer_trades_inserted_total')) > 0);
}

/** The last line of standard output. */
export function summaryOf(demo: ProcessUnderTest): Record<string, number> {
  return JSON.parse(demo.stdout.at(-1) ?? 'null') as Record<string, number>;
}
