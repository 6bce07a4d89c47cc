import { backoffMs, rest } from '@polytape/resilience';

/** A running process: a service or an embedded server. */
export type RunningProcess = {
  pid: number;
  /** Port of its health endpoint; null if it has none. */
  httpPort: number | null;
  exited: Promise<{ code: number | null; signal: string | null }>;
  /** Stops it in order, and waits until it has exited. */
  stop(): Promise<void>;
};

/**
 * Keeps one process running. When it exits by itself, it is restarted after a second or two, and later the more often it
 * exits, up to 30 s. A process that has run for a minute counts as stable again.
 *
 * starting -> running -> waiting (it exited) -> starting, until stopped.
 */
export class SupervisedProcess {
  readonly name: string;
  readonly #launch: () => Promise<RunningProcess>;
  readonly #onChange: () => void;
  readonly #say: (sentence: string) => void;
  readonly #stopping = new AbortController();
  #running: RunningProcess | null = null;
  #watching: Promise<void> = Promise.resolve();
  #restarts = 0;
  #endedInOrder = true;

  constructor(o: {
    name: string;
    launch: () => Promise<RunningProcess>;
    onChange: () => void;
    /** Receives a sentence for each restart. */
    say: (sentence: string) => void;
  }) {
    this.name = o.name;
    this.#launch = o.launch;
    this.#onChange = o.onChange;
    this.#say = o.say;
  }

  /** Starts it. @throws The error of the first launch: restarting a process that never ran would only hide the cause. */
  async start(): Promise<void> {
    this.#running = await this.#launch();
    this.#onChange();
    this.#watching = this.#watch(this.#running);
  }

  /** Null while it is not running. */
  get process(): RunningProcess | null {
    return this.#running;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Stops it in order, for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const running = this.#running;
    await running?.stop();
    await this.#watching;
    if (running !== null) this.#endedInOrder = (await running.exited).code === 0;
  }

  /** False if it was stopped and left work unfinished. */
  get endedInOrder(): boolean {
    return this.#endedInOrder;
  }

  async #watch(first: RunningProcess): Promise<void> {
    const { signal } = this.#stopping;
    let running: RunningProcess | null = first;
    for (let failures = 0; !signal.aborted; ) {
      const startedAtMs = performance.now();
      const exit = await running?.exited;
      this.#running = null;
      if (exit !== undefined) this.#onChange();
      if (signal.aborted) return;
      failures = performance.now() - startedAtMs > STABLE_MS ? 1 : failures + 1;
      const waitMs = backoffMs({ failures, ...RESTART_BACKOFF, random: Math.random() });
      if (exit !== undefined) {
        const how = exit.signal ?? `exit code ${exit.code}`;
        this.#say(`${this.name} ended (${how}); restarting it in ${(waitMs / 1_000).toFixed(1)} s.`);
      }
      await rest(waitMs, signal);
      if (signal.aborted) return;
      running = await this.#restart();
    }
  }

  async #restart(): Promise<RunningProcess | null> {
    try {
      const running = await this.#launch();
      this.#restarts += 1;
      this.#running = running;
      this.#onChange();
      if (this.#stopping.signal.aborted) await running.stop();
      return running;
    } catch (error) {
      this.#say(`${this.name} could not be restarted: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }
}

const RESTART_BACKOFF = { minMs: 1_000, maxMs: 30_000 };
const STABLE_MS = 60_000;
