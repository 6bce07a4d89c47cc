import { chmod, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedServerError } from './errors.ts';
import { runCommand } from './run-command.ts';

/**
 * The user that runs PostgreSQL, which refuses root. `null` means our own user.
 *
 * `capability` is set if that user may not enter a parent directory of its files, such as root's home (mode 700). It is the one
 * capability that grants access, kept over the change of user.
 */
export type ServerUser = { uid: number; gid: number; capability: FileCapability | null } | null;

/** Names of capabilities(7), in lower case and without the prefix. */
type FileCapability = 'dac_read_search' | 'dac_override';

/** Debian's `nobody`; any id except root's would do. */
const UNPRIVILEGED = 65_534;

/** Bits of CapEff in /proc/self/status. */
const CAPABILITY_BITS = { dac_override: 1n << 1n, dac_read_search: 1n << 2n, setpcap: 1n << 8n };

/**
 * If we are root: the owner of `clusterDir`, or `nobody` if it is absent or root's own. Otherwise `null`.
 *
 * @param programs Programs that the user must be able to run.
 * @throws {EmbeddedServerError} `directory`: that user may not enter a directory, and we cannot grant it access.
 */
export async function serverUserFor(clusterDir: string, programs: readonly string[]): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return null;
  const found = await stat(clusterDir).catch(() => null);
  const uid = found === null || found.uid === 0 ? UNPRIVILEGED : found.uid;
  const gid = found === null || found.uid === 0 ? UNPRIVILEGED : found.gid;
  const user = { uid, gid };

  const paths = [...programs, clusterDir];
  const closed = (await Promise.all(paths.map((path) => firstClosedDirectory(path, user)))).find(
    (path) => path !== null,
  );
  const unreadable = (await Promise.all(programs.map((path) => isClosed(path, user, 0o5)))).indexOf(true);
  if (closed === undefined && unreadable === -1) return { ...user, capability: null };

  // Running a program without execute permission needs the stronger capability.
  const capability = await availableCapability(unreadable === -1);
  if (capability !== null) return { ...user, capability };
  const obstacle = closed ?? programs[unreadable];
  throw new EmbeddedServerError(
    'directory',
    `PostgreSQL does not run as root, and its user (uid ${uid}) may not enter ${obstacle}.`,
    `Allow it (chmod o+x ${obstacle}), move the files elsewhere, install util-linux (setpriv), or do not run as root.`,
  );
}

/**
 * Creates the directory. A directory created by root stays accessible to the server's user even with a strict umask, because
 * that user owns only the cluster inside.
 */
export async function makeDataDir(directory: string): Promise<void> {
  const created = await mkdir(directory, { recursive: true });
  if (created !== undefined && process.getuid?.() === 0) await chmod(directory, 0o711);
}

/** The command to run as that user: with ids for spawn, or prefixed with setpriv(1). */
export function asServerUser(
  user: ServerUser,
  command: { program: string; args: readonly string[] },
): { program: string; args: readonly string[]; uid?: number; gid?: number } {
  if (user === null) return command;
  const { uid, gid, capability } = user;
  if (capability === null) return { ...command, uid, gid };
  const only = `-all,+${capability}`;
  const args = ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups'];
  args.push(`--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`);
  // PostgreSQL checks its files with access(2), which ignores the capabilities of other users without this bit.
  args.push('--securebits', '+no_setuid_fixup');
  return { program: 'setpriv', args: [...args, command.program, ...command.args] };
}

/** The topmost directory above `path` that the user may not enter. */
async function firstClosedDirectory(path: string, user: { uid: number; gid: number }): Promise<string | null> {
  const directories: string[] = [];
  const existing = await realpath(path).catch(() => path); // the cluster may not exist yet
  for (let at = dirname(existing); ; at = dirname(at)) {
    directories.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const directory of directories) {
    if (await isClosed(directory, user, 0o1)) return directory;
  }
  return null;
}

/** Whether the file's mode denies the user one of these permissions (bits of one octal digit). */
async function isClosed(path: string, user: { uid: number; gid: number }, rights: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null) return false; // absent: created later, or reported by its user
  const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0;
  return ((found.mode >> shift) & rights) !== rights;
}

async function availableCapability(searchIsEnough: boolean): Promise<FileCapability | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (name: keyof typeof CAPABILITY_BITS) => (effective & CAPABILITY_BITS[name]) !== 0n;
  // Root in a container usually has only the stronger one.
  const wanted = searchIsEnough && has('dac_read_search') ? 'dac_read_search' : 'dac_override';
  if (!has(wanted) || !has('setpcap')) return null;
  const installed = await runCommand('setpriv', ['--version'], { timeoutMs: 10_000 }).catch(() => null);
  return installed === null ? null : wanted;
}
