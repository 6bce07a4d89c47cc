import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandFailedError } from './run-command.ts';

/** Part of util-linux, which is installed on every Debian. */
const FLOCK = 'flock';

/**
 * An exclusive lock between processes, held until disposed.
 *
 * It runs flock(1) around a `cat` that waits for us. If either process dies, the kernel releases the lock. A lock file with a
 * process id would be unreliable after its owner was killed.
 */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  const holder = spawn(FLOCK, [path, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  const held = once(holder.stdout, 'data');
  held.catch(() => {}); // `ended` reports it
  ended.catch(() => {}); // awaited below, or when disposed
  const first = await Promise.race([held, ended.then(() => null)]);
  if (first === null) throw new CommandFailedError(FLOCK, `could not lock ${path}`);
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
