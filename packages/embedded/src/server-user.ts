import { chmod, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedServerError } from './errors.ts';
import { runCommand } from './run-command.ts';

/**
 * Who PostgreSQL, which refuses to run as root, runs as. `null`: the user that we are.
 *
 * `capability` is set where that user may not enter a directory above its files, as below root's home (mode 700): the
 * one right that lets it pass, kept over the change of user.
 */
export type ServerUser = { uid: number; gid: number; capability: FileCapability | null } | null;

/** Names of capabilities(7), in lower case and without the prefix. */
type FileCapability = 'dac_read_search' | 'dac_override';

/** Debian's `nobody`; any id that is not root's would do. */
const UNPRIVILEGED = 65_534;

/** Bits of CapEff in /proc/self/status. */
const CAPABILITY_BITS = { dac_override: 1n << 1n, dac_read_search: 1n << 2n, setpcap: 1n << 8n };

/**
 * For root: the owner of `clusterDir`, or `nobody` when that is absent or root's own. `null` for everybody else.
 *
 * @param programs Files that the user must be able to run.
 * @throws {EmbeddedServerError} `directory`: that user may not enter a directory, and we cannot give it the right.
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

  // Running a program that is closed to the user takes the stronger of the two.
  const capability = await availableCapability(unreadable === -1);
  if (capability !== null) return { ...user, capability };
  const obstacle = closed ?? programs[unreadable];
  throw new EmbeddedServerError(
    'directory',
    `PostgreSQL does not run as root, and the user that it runs as instead (uid ${uid}) may not enter ${obstacle}.`,
    `Let others enter it (chmod o+x ${obstacle}), put the files elsewhere, install util-linux (setpriv), or do not run as root.`,
  );
}

/**
 * Creates the directory. What root creates is open to the server's user, also under a strict umask: that user owns no
 * more than the cluster inside.
 */
export async function makeDataDir(directory: string): Promise<void> {
  const created = await mkdir(directory, { recursive: true });
  if (created !== undefined && process.getuid?.() === 0) await chmod(directory, 0o711);
}

/** How to run a command as that user: ids for spawn, or setpriv(1) in front of it. */
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
  // PostgreSQL looks for its own files with access(2), which drops the capabilities of all but root without this bit.
  args.push('--securebits', '+no_setuid_fixup');
  return { program: 'setpriv', args: [...args, command.program, ...command.args] };
}

/** The highest directory above `path` that the user may not enter. */
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

/** Whether the user lacks one of the rights (bits of one octal digit) by the file's mode. */
async function isClosed(path: string, user: { uid: number; gid: number }, rights: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null) return false; // absent: made later, or reported by who needs it
  const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0;
  return ((found.mode >> shift) & rights) !== rights;
}

async function availableCapability(searchIsEnough: boolean): Promise<FileCapability | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (name: keyof typeof CAPABILITY_BITS) => (effective & CAPABILITY_BITS[name]) !== 0n;
  // A container's root usually has the stronger one only.
  const wanted = searchIsEnough && has('dac_read_search') ? 'dac_read_search' : 'dac_override';
  if (!has(wanted) || !has('setpcap')) return null;
  const installed = await runCommand('setpriv', ['--version'], { timeoutMs: 10_000 }).catch(() => null);
  return installed === null ? null : wanted;
}
