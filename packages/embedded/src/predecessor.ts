import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedServerError } from './errors.ts';

/** A server whose parent was killed is told to stop, and may have a checkpoint to write. */
const PREDECESSOR_MS_MAX = 30_000;
const POLL_MS = 25;

/**
 * Waits until no server of an earlier start works in `directory` any more. Two servers on one store destroy it, and nats-server itself
 * does not look.
 *
 * On Linux only, from /proc; elsewhere PostgreSQL's own lock file must do.
 *
 * @throws {EmbeddedServerError} `in-use`: one still runs after that time.
 */
export async function waitForPredecessor(options: {
  /** For messages. */
  server: string;
  /** The working directory that the server and its children have. */
  directory: string;
  /** A word of their command lines, so that a person's shell in that directory does not count. */
  word: string;
  /** Default: 30 s. */
  msMax?: number;
}): Promise<void> {
  const { server, directory, word, msMax = PREDECESSOR_MS_MAX } = options;
  const deadline = performance.now() + msMax;
  for (;;) {
    const pids = await processesIn(directory, word);
    if (pids.length === 0) return;
    if (performance.now() > deadline) {
      throw new EmbeddedServerError(
        'in-use',
        `Another ${server} (process ${pids.join(', ')}) runs on ${directory}.`,
        'End it (or the polytape that started it), or choose another directory (POLYTAPE_DATA_DIR).',
      );
    }
    await delay(POLL_MS);
  }
}

/** Zombies do not count: they have no working directory. */
async function processesIn(directory: string, word: string): Promise<number[]> {
  const real = await realpath(directory).catch(() => null);
  if (real === null || process.platform !== 'linux') return [];
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => null); // gone, or another user's
      if (cwd !== real) return null;
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return commandLine.includes(word) ? Number(pid) : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}
