import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { EmbeddedServer, ServerExit } from './embedded-server.ts';
import { EmbeddedServerError } from './errors.ts';

/** What is started, and how it is asked to end. */
export type ServerCommand = {
  /** For messages: `nats-server`, `PostgreSQL`. */
  name: string;
  program: string;
  args: readonly string[];
  cwd: string;
  uid?: number;
  gid?: number;
  logPath: string;
  /** Ends it in order. Sent by `stop()`, and when this process dies. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** SIGKILL follows when it has not ended by then. */
  stopMsMax: number;
};

const LOG_TAIL_BYTES = 4_096;
const LOG_TAIL_LINES = 12;

/**
 * The shell that becomes the server.
 *
 * First it leaves a watcher behind, which reads from a pipe whose other end only our process holds. When that end
 * closes without a word, our process is dead (SIGKILL included) and the watcher sends the stop signal. A line on the
 * pipe means that the server is gone and its process id may belong to another. The watcher is nobody's child (two
 * forks), so that PostgreSQL does not find a child that it never started.
 *
 * Rejected: `setpriv --pdeathsig`, which exists on Linux only, is cleared by a change of user, and fires when the
 * *thread* that started the server ends.
 */
const SHELL = `
  ( (cd /; read -r _ <&3 || kill -"$0" $$) </dev/null >/dev/null 2>&1 & )
  exec "$@" 3<&-
`;

/** One server process: started, watched, ended. */
export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  readonly #child: ChildProcess;
  readonly #command: ServerCommand;
  /** Where this run's part of the log begins: a failure is not explained by an earlier run's lines. */
  readonly #logStart: number;
  #running = true;

  private constructor(child: ChildProcess, command: ServerCommand, logStart: number) {
    this.#child = child;
    this.#command = command;
    this.#logStart = logStart;
    this.pid = child.pid as number; // set once the `spawn` event has come
    const pipe = child.stdio[3] as Socket;
    pipe.on('error', () => {}); // the watcher may be gone: then nobody needs the line
    pipe.unref();
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#running = false;
        pipe.end('ended\n');
        resolve({ code, signal });
      });
    });
  }

  /** @throws {EmbeddedServerError} `start-failed`: no shell, or no such directory. `directory`: the log cannot be written. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const log = openLog(command);
    const logStart = fstatSync(log).size;
    try {
      const child = spawn(
        'sh',
        ['-c', SHELL, command.stopSignal.slice('SIG'.length), command.program, ...command.args],
        {
          cwd: command.cwd,
          ...(command.uid === undefined ? {} : { uid: command.uid }),
          ...(command.gid === undefined ? {} : { gid: command.gid }),
          stdio: ['ignore', log, log, 'pipe'],
          // A session of its own: Ctrl+C in a terminal reaches the whole foreground group, and would end the servers
          // before the services have written what they hold.
          detached: true,
        },
      );
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      child.once('spawn', resolve);
      child.once('error', reject);
      await promise;
      return new ServerProcess(child, command, logStart);
    } catch (error) {
      throw new EmbeddedServerError(
        'start-failed',
        `${command.name} could not be started: ${(error as Error).message}.`,
        'Check that the named program or directory exists.',
        { cause: error },
      );
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    return this.#running;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.signal(this.#command.stopSignal);
    const deadline = setTimeout(() => this.signal('SIGKILL'), this.#command.stopMsMax);
    try {
      await this.exited;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** The error for a server that ended before it was ready, with the last lines of its log. */
  failedStart(what: string): EmbeddedServerError {
    const { name, logPath } = this.#command;
    const tail = this.#logTail();
    return new EmbeddedServerError(
      'start-failed',
      `${name} ${what}.${tail === '' ? '' : ` The end of its log:\n${tail}`}`,
      `Read ${logPath}, mend the cause, and start again.`,
    );
  }

  /** What callers of the package get. */
  embedded(url: string, port: number): EmbeddedServer {
    return {
      url,
      port,
      pid: this.pid,
      exited: this.exited,
      stop: () => this.stop(),
      kill: () => this.signal('SIGKILL'),
      [Symbol.asyncDispose]: () => this.stop(),
    };
  }

  #logTail(): string {
    const log = openSync(this.#command.logPath, 'r');
    try {
      const { size } = fstatSync(log);
      const buffer = Buffer.alloc(Math.max(0, Math.min(size - this.#logStart, LOG_TAIL_BYTES)));
      readSync(log, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
    } finally {
      closeSync(log);
    }
  }
}

function openLog(command: ServerCommand): number {
  try {
    mkdirSync(dirname(command.logPath), { recursive: true });
    return openSync(command.logPath, 'a');
  } catch (error) {
    throw new EmbeddedServerError(
      'directory',
      `The log of ${command.name}, ${command.logPath}, cannot be written: ${(error as Error).message}.`,
      'Choose another directory (POLYTAPE_DATA_DIR), or give this user the right to write there.',
      { cause: error },
    );
  }
}
