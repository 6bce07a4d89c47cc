import { readdir, readFile } from 'node:fs/promises';

/** Whether a process with this id is alive. A zombie is not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return (await statusOf(pid))?.state !== 'Z';
}

/** Ids of all descendants of a process. Empty without /proc, so on Linux only. */
export async function descendants(pid: number): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const processes = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => ({ id: Number(name), status: await statusOf(Number(name)) })),
  );
  const found = [pid];
  for (const ancestor of found) {
    for (const { id, status } of processes) if (status?.parent === ancestor) found.push(id);
  }
  return found.slice(1);
}

async function statusOf(pid: number): Promise<{ state: string; parent: number } | null> {
  try {
    // `pid (name) state parent …`, where the name may contain anything.
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null; // exited, or no /proc
  }
}
