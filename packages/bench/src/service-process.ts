import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A service in a process of its own, with default settings unless others are given. */
export function startService(service: 'ws-ingestor' | 'scheduler', env: Record<string, string>): AsyncDisposable {
  const main = fileURLToPath(import.meta.resolve(`../../../services/${service}/src/main.ts`));
  const { PATH = '', HOME = '' } = process.env;
  // Its errors are shown; through the IPC channel it ends together with this process.
  const child = spawn(process.execPath, [main], {
    env: { PATH, HOME, HTTP_PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
