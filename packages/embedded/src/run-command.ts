import { spawn } from 'node:child_process';
import { basename } from 'node:path';

/** Options of a command. `uid` and `gid` need root. */
export type RunOptions = { cwd?: string; uid?: number; gid?: number; timeoutMs: number };

/** Maximum output that is kept; the rest is read and dropped. */
const OUTPUT_CHARACTERS_MAX = 256 * 1024;

/**
 * Runs a program to its end and returns its output.
 *
 * @throws {CommandFailedError} It could not be started, exited with a code other than 0, or took longer than `timeoutMs`.
 */
export function runCommand(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] });
    // Not spawn's own `timeout`: if the program does not exist, its timer keeps our process alive.
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

/** A program failed; the message includes its last lines. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  /** Callers translate it: they know what the command was for. */
  readonly disposition = 'stop';

  constructor(program: string, detail: string, options?: ErrorOptions) {
    super(`${basename(program)}: ${detail}`, options);
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-8).join('\n');
}
