import { rest } from '@polytape/service';

/** A process that runs: one of ours, or an embedded server. */
export type RunningProcess = {
  pid: number;
  /** Of its health endpoint; null where it has none. */
  httpPort: number | null;
  exited: Promise<{ code: number | null; signal: string | null }>;
  /** Asks it to end, and waits for that. */
  stop(): Promise<void>;
};

/** Told of what the supervisor does, in sentences for the terminal. */
export type OnSupervised = (sentence: string) => void;

/**
 * Keeps one process running: when it ends by itself, it is started again, after 1 s at first and up to 30 s when it keeps
 * ending. A process that has run for a minute counts as well again.
 *
 * starting -> running -> waiting (it ended) -> starting, until stopped.
 */
export class SupervisedProcess {
  readonly name: string;
  readonly #launch: () => Promise<RunningProcess>;
  readonly #onChange: () => void;
  readonly #say: OnSupervised;
  readonly #stopping = new AbortController();
  #running: RunningProcess | null = null;
  #watching: Promise<void> = Promise.resolve();
  #restarts = 0;
  #endedInOrder = true;

  constructor(o: { name: string; launch: () => Promise<RunningProcess>; onChange: () => void; say: OnSupervised }) {
    this.name = o.name;
    this.#launch = o.launch;
    this.#onChange = o.onChange;
    this.#say = o.say;
  }

  /** Starts it. @throws What the first launch throws: it never ran, so starting it again would only hide the cause. */
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

  /** Ends it in order and leaves it ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const running = this.#running;
    await running?.stop();
    await this.#watching;
    if (running !== null) this.#endedInOrder = (await running.exited).code === 0;
  }

  /** False when it was stopped and had to leave something unfinished. */
  get endedInOrder(): boolean {
    return this.#endedInOrder;
  }

  async #watch(first: RunningProcess): Promise<void> {
    const { signal } = this.#stopping;
    let running: RunningProcess | null = first;
    for (let failures = 0; !signal.aborted; ) {
      if (running !== null) {
        const startedAtMs = performance.now();
        const { code, signal: killedBy } = await running.exited;
        this.#running = null;
        this.#onChange();
        if (signal.aborted) return;
        failures = performance.now() - startedAtMs > WELL_AGAIN_MS ? 0 : failures;
        const waitMs = restartDelayMs(failures);
        this.#say(`${this.name} ended (${killedBy ?? `exit code ${code}`}); starting it again in ${waitMs / 1_000} s.`);
      }
      await rest(restartDelayMs(failures), signal);
      failures += 1;
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
      this.#say(`${this.name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }
}

/** 1 s, 2 s, 4 s, … up to 30 s. */
export function restartDelayMs(failures: number): number {
  return Math.min(30_000, 1_000 * 2 ** failures);
}

const WELL_AGAIN_MS = 60_000;
