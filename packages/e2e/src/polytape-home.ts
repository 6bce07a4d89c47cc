import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricValue } from './metric-value.ts';
import { spawnPolytape } from './polytape-command.ts';
import type { ProcessUnderTest } from './process-under-test.ts';
import { until } from './until.ts';

/** What `<POLYTAPE_DATA_DIR>/runtime.json` holds while `demo` or `start` runs. */
export type Runtime = {
  natsUrl: string;
  databaseUrl: string;
  pids: Record<string, number>;
  http: Record<string, number>;
  /** Of a demo alone. */
  venue?: Record<'ws' | 'gamma' | 'clob' | 'data' | 'control', string>;
};

/** A data directory for runs of the `polytape` command, removed in the end; the servers' programs are shared. */
export class PolytapeHome implements AsyncDisposable {
  readonly path: string;

  static async make(): Promise<PolytapeHome> {
    return new PolytapeHome(await mkdtemp(join(tmpdir(), 'polytape-e2e-home-')));
  }

  private constructor(path: string) {
    this.path = path;
  }

  spawn(args: readonly string[], env: Record<string, string> = {}, o: { terminal?: boolean } = {}): ProcessUnderTest {
    return spawnPolytape(args, { POLYTAPE_DATA_DIR: this.path, ...env }, o);
  }

  /** The file as it is now; null when there is none. */
  async runtime(): Promise<Runtime | null> {
    try {
      return JSON.parse(await readFile(join(this.path, 'runtime.json'), 'utf8')) as Runtime;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** The file once it fits, for example once it names every process. */
  async untilRuntime(
    what: string,
    command: ProcessUnderTest,
    fits: (runtime: Runtime) => boolean | Promise<boolean>,
  ): Promise<Runtime> {
    return await until(
      `runtime.json with ${what}`,
      async () => {
        if (!command.running) throw new Error(`${command.name} has ended`);
        const runtime = await this.runtime();
        return runtime !== null && (await fits(runtime)) ? runtime : null;
      },
      { seen: () => [...command.stdout, ...command.stderr].slice(-12).join('\n') },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a failure its servers may still be writing their last.
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** A metric summed over every service of a run. @throws {TypeError} One of them does not answer: it is being started. */
export async function sumOfMetric(runtime: Runtime | null, name: string): Promise<number> {
  const texts = Object.values(runtime?.http ?? {}).map(async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return await response.text();
  });
  return (await Promise.all(texts)).reduce((sum, text) => sum + (metricValue(text, name) ?? 0), 0);
}
