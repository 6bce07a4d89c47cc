import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';

/** Replaces a file with one that only our user may read. */
export async function writePrivately(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}

/** Generates a password and stores it in this file. */
export async function newPassword(path: string): Promise<string> {
  const password = randomBytes(18).toString('base64url');
  await writePrivately(path, `${password}\n`);
  return password;
}

/** The password in this file; null if there is none. */
export async function keptPassword(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trim() || null;
}
