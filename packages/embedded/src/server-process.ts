import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedServer, ServerExit } from './embedded-server.ts';
import { EmbeddedServerError } from './errors.ts';

/** A server's command line, and how to stop it. */
export type ServerCommand = {
  /** For messages: `nats-server`, `PostgreSQL`. */
  name: string;
  program: string;
  args: readonly string[];
  cwd: string;
  uid?: number;
  gid?: number;
  logPath: string;
  /** Stops it in order. Sent by `stop()`, and when this process dies. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** After this time it gets SIGKILL. */
  stopMsMax: number;
};

const POLL_MS = 10;
const LOG_TAIL_BYTES = 4_096;
const LOG_TAIL_LINES = 12;

/**
 * The shell that becomes the server.
 *
 * First it starts a watcher, which reads from a pipe whose other end only our process holds. If that end closes without a
 * line, our process has died (even by SIGKILL), and the watcher sends the stop signal. A line means that the server has
 * exited and its process id may be reused. The watcher is detached by two forks, so that PostgreSQL does not find a child
 * that it never started.
 *
 * Rejected: `setpriv --pdeathsig`. It exists on Linux only, is cleared by a change of user, and fires when the *thread* that
 * started the server ends.
 */
const SHELL = `
  ( (cd /; read -r _ <&3 || kill -"$0" $$) </dev/null >/dev/null 2>&1 & )
  exec "$@" 3<&-
`;

/** A server process. */
export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  readonly #child: ChildProcess;
  readonly #command: ServerCommand;
  /** Offset at which this run's part of the log begins: lines of earlier runs do not explain a failure. */
  readonly #logStart: number;
  #running = true;

  private constructor(child: ChildProcess, command: ServerCommand, logStart: number) {
    this.#child = child;
    this.#command = command;
    this.#logStart = logStart;
    this.pid = child.pid as number; // set after the `spawn` event
    const pipe = child.stdio[3] as Socket;
    pipe.on('error', () => {}); // the watcher may have exited; then nobody needs the line
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
          // A session of its own: Ctrl+C in a terminal reaches the whole foreground group, and would stop the servers
          // before the services have written their data.
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

  /** Repeats the check until it says that the server is ready. Returns what went wrong, or null. */
  async whenReady(check: () => Promise<boolean>, msMax: number): Promise<string | null> {
    const deadline = performance.now() + msMax;
    while (this.#running && performance.now() < deadline) {
      if (await check()) return null;
      await Promise.race([this.exited, delay(POLL_MS)]);
    }
    return this.#running ? `was not ready within ${msMax / 1_000} s` : 'exited during its start';
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

  /** The error for a server that did not become ready, with the end of its log. */
  failedStart(what: string): EmbeddedServerError {
    const { name, logPath } = this.#command;
    const tail = this.#logTail();
    return new EmbeddedServerError(
      'start-failed',
      `${name} ${what}.${tail === '' ? '' : ` The end of its log:\n${tail}`}`,
      `Read ${logPath}, fix the cause, and start again.`,
    );
  }

  /** The public view of the process. */
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
      'Choose another directory (POLYTAPE_DATA_DIR), or give this user write access.',
      { cause: error },
    );
  }
}
