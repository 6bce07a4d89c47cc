import { fileURLToPath } from 'node:url';
import { metricValue } from './metric-value.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { until } from './until.ts';

/** Folders of `services/`. */
export type ServiceName = 'ws-ingestor' | 'writer' | 'scheduler';

/** A service as a separate process, started like by the supervisor, and its HTTP endpoint. */
export class ServiceUnderTest implements AsyncDisposable {
  readonly process: ProcessUnderTest;
  readonly httpPort: number;

  /** Runs its `main.ts` without waiting, because it may exit at once (with invalid settings). */
  static spawn(service: ServiceName, o: { env: Record<string, string>; args?: readonly string[] }): ProcessUnderTest {
    const main = fileURLToPath(import.meta.resolve(`../../../services/${service}/src/main.ts`));
    return ProcessUnderTest.spawn({ name: service, main, supervised: true, ...o });
  }

  /** Starts it and waits until its health endpoint listens, which does not mean that it is ready. */
  static async start(service: ServiceName, env: Record<string, string>): Promise<ServiceUnderTest> {
    const process = ServiceUnderTest.spawn(service, { env: { HTTP_PORT: '0', ...env } });
    try {
      const { httpPort } = await process.record(({ httpPort }) => typeof httpPort === 'number');
      return new ServiceUnderTest(process, Number(httpPort));
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(process: ProcessUnderTest, httpPort: number) {
    this.process = process;
    this.httpPort = httpPort;
  }

  /** The answer of `/healthz`, `/readyz` or `/metrics`. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const url = `http://127.0.0.1:${this.httpPort}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return { status: response.status, body: await response.text() };
  }

  /** The reasons of `/readyz`. */
  async reasons(): Promise<string[]> {
    return (JSON.parse((await this.get('/readyz')).body) as { reasons: string[] }).reasons;
  }

  /** Resolves when `/readyz` answers 200. */
  async ready(): Promise<void> {
    let last = '';
    await until(
      `${this.process.name} ready`,
      async () => {
        const { status, body } = await this.get('/readyz');
        last = body;
        return status === 200;
      },
      { seen: () => last },
    );
  }

  /** The current value of a metric; null if it is missing or NaN. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number | null> {
    return metricValue((await this.get('/metrics')).body, name, labels);
  }

  /** Waits until the metric's value fits, and returns it. */
  async untilMetric(
    name: string,
    fits: (value: number) => boolean,
    labels: Record<string, string> = {},
  ): Promise<number> {
    let last: number | null = null;
    const found = await until(
      `${this.process.name}: ${name} is ${fits}`,
      async () => {
        last = await this.metric(name, labels);
        return last !== null && fits(last) ? { value: last } : null;
      },
      { seen: () => `It is ${last}.` },
    );
    return found.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
