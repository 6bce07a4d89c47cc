import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DEADLINE_MS, DeadlineError } from './until.ts';

/** How a process ended: by itself with a code, or by a signal. */
export type ProcessExit = { code: number | null; signal: NodeJS.Signals | null };

/** One record of a service's log. */
export type LogRecord = { level: string; msg: string; service?: string } & Record<string, unknown>;

/**
 * One of our programs as a separate process. Its output is kept line by line and can be awaited, it can be sent real signals,
 * and it is killed when it goes out of scope, even if the test fails or its worker exits.
 */
export class ProcessUnderTest implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #listeners = new Set<() => void>();
  #exit: ProcessExit | null = null;

  /**
   * Runs a TypeScript program with this Node. It inherits only the variables that a program needs to run, so that settings
   * of the person who runs the tests do not affect it.
   *
   * @param o.supervised Gives it an IPC channel, like the supervisor: services stop when the other end closes.
   * @param o.terminal Runs it in a terminal, which is a separate process (`script` of util-linux). Signals go to that process.
   */
  static spawn(o: {
    name: string;
    main: string;
    args?: readonly string[];
    env: Record<string, string>;
    supervised?: boolean;
    terminal?: boolean;
  }): ProcessUnderTest {
    const command = [process.execPath, o.main, ...(o.args ?? [])];
    const quoted = command.map((word) => `'${word}'`).join(' ');
    const [program = '', ...args] = o.terminal === true ? ['script', '-qfec', quoted, '/dev/null'] : command;
    const child = spawn(program, args, {
      env: { ...inherited(), ...o.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(o.supervised === true ? ['ipc' as const] : [])],
    });
    return new ProcessUnderTest(o.name, child);
  }

  private constructor(name: string, child: ChildProcess) {
    if (child.pid === undefined) throw new Error(`${name} could not be started`);
    this.name = name;
    this.pid = child.pid;
    this.#child = child;
    LIVING.add(child);
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = child[stream];
      if (input !== null) createInterface({ input }).on('line', (text) => this.#take(stream, text));
    }
    const { promise, resolve } = Promise.withResolvers<ProcessExit>();
    this.exited = promise;
    // `close` instead of `exit`: by then all of its output has been read.
    child.once('close', (code, signal) => {
      LIVING.delete(child);
      this.#exit = { code, signal };
      resolve(this.#exit);
      this.#tell();
    });
  }

  get running(): boolean {
    return this.#exit === null;
  }

  get stdout(): string[] {
    return this.#textOf('stdout');
  }

  get stderr(): string[] {
    return this.#textOf('stderr');
  }

  /** The log records so far. */
  get records(): LogRecord[] {
    return this.#lines.map(({ record }) => record).filter((record) => record !== null);
  }

  /** The first matching line, past or future. */
  async line(pattern: RegExp, withinMs = DEADLINE_MS): Promise<string> {
    return await this.#await(
      `a line like ${pattern}`,
      withinMs,
      () => this.#lines.find(({ text }) => pattern.test(text))?.text,
    );
  }

  /** The first matching log record, past or future. */
  async record(fits: RegExp | ((record: LogRecord) => boolean), withinMs = DEADLINE_MS): Promise<LogRecord> {
    const matches = fits instanceof RegExp ? ({ msg }: LogRecord) => fits.test(msg) : fits;
    return await this.#await(`a log record like ${fits}`, withinMs, () => this.records.find(matches));
  }

  /** Sends a signal to the process. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGKILL, and waits for the exit. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Waits for the exit. @throws {DeadlineError} It did not exit in time. */
  async exit(withinMs = DEADLINE_MS): Promise<ProcessExit> {
    return await this.#await('its end', withinMs, () => this.#exit ?? undefined, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.kill();
  }

  #take(stream: 'stdout' | 'stderr', text: string): void {
    this.#lines.push({ stream, text, record: parseRecord(text) });
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #textOf(stream: 'stdout' | 'stderr'): string[] {
    return this.#lines.filter((line) => line.stream === stream).map(({ text }) => text);
  }

  /** Looks now and after each line, until there is a result, the process has exited, or the time is up. */
  async #await<T>(what: string, withinMs: number, look: () => T | undefined, end = false): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const fail = (why: string) =>
      reject(
        new DeadlineError(`${this.name}: ${what}`, withinMs, `${why} Its last lines:\n${this.#tail()}`, undefined),
      );
    const check = (): void => {
      const found = look();
      if (found !== undefined) resolve(found);
      else if (!this.running && !end) fail(`It has exited (${JSON.stringify(this.#exit)}).`);
    };
    const timer = setTimeout(() => fail('It is still running.'), withinMs);
    this.#listeners.add(check);
    try {
      check();
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(check);
    }
  }

  #tail(): string {
    return this.#lines
      .slice(-TAIL_LINES)
      .map(({ text }) => `  ${text.slice(0, TAIL_LINE_LENGTH)}`)
      .join('\n');
  }
}

type Line = { stream: 'stdout' | 'stderr'; text: string; record: LogRecord | null };

function parseRecord(text: string): LogRecord | null {
  if (!text.startsWith('{')) return null;
  try {
    const record = JSON.parse(text) as LogRecord;
    return typeof record.msg === 'string' ? record : null;
  } catch {
    return null;
  }
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SYSTEMROOT', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]).filter((entry) => entry[1] !== undefined));
}

/** A worker that is terminated during a test disposes of nothing, but it emits `exit`. */
const LIVING = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of LIVING) child.kill('SIGKILL');
});

const LINES_MAX = 50_000;
const TAIL_LINES = 12;
const TAIL_LINE_LENGTH = 400;
