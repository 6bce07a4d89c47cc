import { spawn } from 'node:child_process';
import { basename } from 'node:path';

/** How a command is run. `uid` and `gid` need root. */
export type RunOptions = { cwd?: string; uid?: number; gid?: number; timeoutMs: number };

/** Longest output of a command that is kept; what follows is read and dropped. */
const OUTPUT_CHARACTERS_MAX = 256 * 1024;

/**
 * Runs a program to its end and gives what it wrote.
 *
 * @throws {CommandFailedError} It could not be started, ended with a code other than 0, or took longer than `timeoutMs`.
 */
export function runCommand(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] });
    // Not spawn's own `timeout`: its timer goes on, and keeps us alive, when there is no such program.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < OUTPUT_CHARACTERS_MAX) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < OUTPUT_CHARACTERS_MAX) stderr += text;
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new CommandFailedError(program, error.message, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else {
        const how = signal === null ? `exit code ${code}` : `ended by ${signal} (limit ${timeoutMs} ms)`;
        reject(new CommandFailedError(program, [how, lastLines(stderr || stdout)].join('\n')));
      }
    });
  });
}

/** A program ended badly; the message carries its last lines. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  /** What to do next is the caller's to say: it knows what the command was for. */
  readonly disposition = 'stop';

  constructor(program: string, detail: string, options?: ErrorOptions) {
    super(`${basename(program)}: ${detail}`, options);
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-8).join('\n');
}
