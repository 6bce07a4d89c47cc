import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedServerError } from './errors.ts';

/** A server whose parent was killed stops by itself, after writing a checkpoint. */
const PREDECESSOR_MS_MAX = 30_000;
const POLL_MS = 25;

/**
 * Waits until no server of an earlier start uses `directory`. Two servers would destroy a store, and nats-server itself does not
 * check.
 *
 * It reads /proc, so it works on Linux only; elsewhere only PostgreSQL's own lock file protects.
 *
 * @throws {EmbeddedServerError} `in-use`: a server still runs after the time limit.
 */
export async function waitForPredecessor(options: {
  /** For messages. */
  server: string;
  /** Working directory of the server and its children. */
  directory: string;
  /** A word of their command lines, to ignore a person's shell in that directory. */
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
        `Another ${server} (process ${pids.join(', ')}) is already running on ${directory}.`,
        'Stop it (or the polytape that started it), or choose another directory (POLYTAPE_DATA_DIR).',
      );
    }
    await delay(POLL_MS);
  }
}

/** Zombies are not found: they have no working directory. */
async function processesIn(directory: string, word: string): Promise<number[]> {
  const real = await realpath(directory).catch(() => null);
  if (real === null || process.platform !== 'linux') return [];
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => null); // exited, or another user's
      if (cwd !== real) return null;
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return commandLine.includes(word) ? Number(pid) : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}
