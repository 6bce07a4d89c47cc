import { chown, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who PostgreSQL runs as: `null` for the user that we are. */
export type ServerUser = { uid: number; gid: number } | null;

/** Debian's `nobody`; any id that is not root's would do. */
const UNPRIVILEGED = 65_534;

/**
 * PostgreSQL refuses to run as root. For root this chooses the owner of the data directory, or `nobody` when the directory is
 * new or root's own, and gives the directory to that user.
 */
export async function serverUserFor(dataDir: string): Promise<ServerUser> {
  // A mode given to the recursive form would also close the directories above to that user.
  await mkdir(dirname(dataDir), { recursive: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = await stat(dataDir);
  if (uid !== 0) return { uid, gid };
  await chown(dataDir, UNPRIVILEGED, UNPRIVILEGED);
  return { uid: UNPRIVILEGED, gid: UNPRIVILEGED };
}
