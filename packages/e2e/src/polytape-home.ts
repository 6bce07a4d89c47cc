import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricValue } from './metric-value.ts';
import { spawnPolytape } from './polytape-command.ts';
import type { ProcessUnderTest } from './process-under-test.ts';
import { until } from './until.ts';

/** Content of `<POLYTAPE_DATA_DIR>/runtime.json` while `demo` or `start` runs. */
export type Runtime = {
  natsUrl: string;
  databaseUrl: string;
  pids: Record<string, number>;
  http: Record<string, number>;
  /** Only of a demo. */
  venue?: Record<'ws' | 'gamma' | 'clob' | 'data' | 'control', string>;
};

/** A data directory for runs of the `polytape` command, removed on disposal. Fetched server programs are shared. */
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

  /** The current content of the file; null if it does not exist. */
  async runtime(): Promise<Runtime | null> {
    try {
      return JSON.parse(await readFile(join(this.path, 'runtime.json'), 'utf8')) as Runtime;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Resolves with the content of the file once it fits, for example once it names every process. */
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
    // After a failure its servers may still be writing.
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** A metric summed over all services of a run. @throws {TypeError} A service does not answer, because it is starting. */
export async function sumOfMetric(runtime: Runtime | null, name: string): Promise<number> {
  const texts = Object.values(runtime?.http ?? {}).map(async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
    return await response.text();
  });
  return (await Promise.all(texts)).reduce((sum, text) => sum + (metricValue(text, name) ?? 0), 0);
}
