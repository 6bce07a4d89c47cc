import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DebianPackages } from '../debian/debian-packages.ts';
import type { Progress } from '../embedded-server.ts';
import { EmbeddedServerError } from '../errors.ts';
import { runCommand } from '../run-command.ts';

/** A nats-server program and the version that it reports, e.g. `2.15.1`. */
export type NatsServerBinary = { path: string; version: string };

/** Needed for message TTLs. */
const VERSION_MIN = [2, 12] as const;

/**
 * Finds nats-server in this order: `binary` (NATS_SERVER_BIN), PATH, the cache, Debian's newest suite.
 *
 * @throws {EmbeddedServerError} `unavailable`: it is in none of them; the message says how to install it.
 */
export async function prepareNatsServer(options: {
  cacheDir: string;
  progress: Progress;
  /** Path of the only nats-server to use. Setting: NATS_SERVER_BIN. */
  binary?: string | undefined;
}): Promise<NatsServerBinary> {
  const { cacheDir, progress, binary } = options;
  if (binary !== undefined && binary !== '') return given(binary);
  const found = (await usable('nats-server')) ?? (await cached(join(cacheDir, 'nats-server')));
  if (found !== null) return found;

  const packages = await DebianPackages.open(cacheDir);
  if (packages === null) throw unavailable('it is not on PATH, and polytape cannot fetch it on this system');
  progress("Fetching nats-server from Debian's packages.");
  let directory: string;
  try {
    directory = await packages.unpack(['nats-server'], join(cacheDir, 'nats-server'));
  } catch (error) {
    throw unavailable(`fetching it from Debian's packages failed: ${(error as Error).message}`, error);
  }
  const fetched = await usable(join(directory, PATH_IN_PACKAGE));
  if (fetched === null) throw unavailable(`the program from Debian's package (${directory}) does not run here`);
  return fetched;
}

const PATH_IN_PACKAGE = 'usr/sbin/nats-server';

async function given(path: string): Promise<NatsServerBinary> {
  const found = await usable(path);
  if (found !== null) return found;
  const problem = await access(path, constants.X_OK).then(
    () => `is not a nats-server ${VERSION_MIN.join('.')} or newer`,
    (error: Error) => `cannot be run: ${error.message}`,
  );
  throw new EmbeddedServerError(
    'unavailable',
    `NATS_SERVER_BIN, ${path}, ${problem}.`,
    `Set NATS_SERVER_BIN to a nats-server ${VERSION_MIN.join('.')} or newer, or unset it.`,
  );
}

async function cached(directory: string): Promise<NatsServerBinary | null> {
  const names = await readdir(directory).catch(() => []);
  const candidates = names
    .filter((name) => !name.startsWith('.'))
    .map((name) => usable(join(directory, name, PATH_IN_PACKAGE)));
  const found = (await Promise.all(candidates)).filter((candidate) => candidate !== null);
  return found.sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))[0] ?? null;
}

/** Runs the program, which also proves that it works on this machine. */
async function usable(path: string): Promise<NatsServerBinary | null> {
  const answer = await runCommand(path, ['--version'], { timeoutMs: 10_000 }).catch(() => '');
  const match = /^nats-server: v(\d+)\.(\d+)\.(\d+\S*)/.exec(answer);
  if (match === null) return null;
  const [, major = '0', minor = '0', patch = '0'] = match;
  const newEnough =
    Number(major) > VERSION_MIN[0] || (Number(major) === VERSION_MIN[0] && Number(minor) >= VERSION_MIN[1]);
  return newEnough ? { path, version: `${major}.${minor}.${patch}` } : null;
}

function unavailable(why: string, cause?: unknown): EmbeddedServerError {
  return new EmbeddedServerError(
    'unavailable',
    `nats-server ${VERSION_MIN.join('.')} or newer is needed: ${why}.`,
    'Install it (macOS: brew install nats-server; elsewhere: the package manager, or https://github.com/nats-io/nats-server/releases) ' +
      'and set NATS_SERVER_BIN if it is not on PATH, or run one in Docker (docker run -p 127.0.0.1:4222:4222 nats:2-alpine -js) and set NATS_URL.',
    { cause },
  );
}
