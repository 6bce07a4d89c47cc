import { access, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryError, EmbeddedServerError } from '../errors.ts';
import { newPassword, writePrivately } from '../private-file.ts';
import { runCommand } from '../run-command.ts';
import { asServerUser, makeDataDir, type ServerUser, serverUserFor } from '../server-user.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/** A cluster on disk, the user that runs it, and its password. */
export type PostgresCluster = { directory: string; user: ServerUser; password: string };

/** Superuser of the cluster. */
export const POSTGRES_USER = 'polytape';

/**
 * Finds or creates the cluster in `<dataDir>/pgdata`, which belongs to the server's user. The superuser's generated password is
 * stored beside it in `password`, readable only by our user. (With `trust`, every local user could run programs as the server's
 * user.)
 *
 * @throws {EmbeddedServerError} `directory` or `start-failed`.
 */
export async function openPostgresCluster(binaries: PostgresBinaries, dataDir: string): Promise<PostgresCluster> {
  const directory = clusterDirectory(dataDir);
  const passwordFile = join(dataDir, 'password');
  const programs = [binaries.initdb, binaries.postgres, ...(binaries.timescale ? [binaries.timescale.loader] : [])];
  try {
    await makeDataDir(dataDir);
    const user = await serverUserFor(directory, programs);
    if (await exists(join(directory, 'PG_VERSION'))) {
      await removeStalePidFile(directory);
      return { directory, user, password: (await readFile(passwordFile, 'utf8')).trim() };
    }
    const password = await newPassword(passwordFile);
    const making = `${directory}.new`;
    await createCluster({ binaries, dataDir, making, password, user });
    // The rename is atomic, so a killed start leaves no half-created cluster.
    await rename(making, directory);
    return { directory, user, password };
  } catch (error) {
    if (error instanceof EmbeddedServerError) throw error;
    throw directoryError('PostgreSQL', dataDir, error);
  }
}

/** Directory of the cluster in the data directory. */
export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'pgdata');
}

async function createCluster(options: {
  binaries: PostgresBinaries;
  dataDir: string;
  making: string;
  password: string;
  user: ServerUser;
}): Promise<void> {
  const { binaries, dataDir, making, password, user } = options;
  const initialPassword = `${making}-password`; // a copy for initdb that the server's user may read
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { mode: 0o700 });
  await writePrivately(initialPassword, `${password}\n`);
  if (user !== null) {
    await chown(making, user.uid, user.gid);
    await chown(initialPassword, user.uid, user.gid);
  }
  const args = ['-D', making, '--username', POSTGRES_USER, '--pwfile', initialPassword, '--auth', 'scram-sha-256'];
  // The built-in provider sorts by code point on every platform, independent of the C library.
  args.push('--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8');
  // One sync of the file system instead of one for each of a thousand files: 0.3 to 0.5 s less. Only Linux has the call.
  if (process.platform === 'linux') args.push('--sync-method', 'syncfs');
  try {
    const { program, args: all, ...ids } = asServerUser(user, { program: binaries.initdb, args });
    await runCommand(program, all, { ...ids, cwd: dataDir, timeoutMs: 120_000 });
  } catch (error) {
    throw new EmbeddedServerError(
      'start-failed',
      `PostgreSQL could not create its files in ${dataDir}: ${(error as Error).message}`,
      'Fix the cause named above, or choose another directory (POLYTAPE_DATA_DIR).',
      { cause: error },
    );
  } finally {
    await rm(initialPassword, { force: true });
  }
}

/**
 * PostgreSQL trusts its lock file if any process of the same user has the id in it: a zombie in a container, or an unrelated
 * process after a reboot. The caller has made sure that no server runs here.
 */
async function removeStalePidFile(directory: string): Promise<void> {
  if (process.platform !== 'linux') return; // unknown: waitForPredecessor needs /proc
  const path = join(directory, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  // Without such a process PostgreSQL removes the file itself, and checks the shared memory as well.
  if (Number.isInteger(pid) && pid > 0 && (await exists(`/proc/${pid}`))) await rm(path, { force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error; // a cluster that we may not read must not be replaced
    },
  );
}
