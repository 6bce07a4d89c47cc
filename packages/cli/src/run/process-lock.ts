import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * A lock file that names its owner. A lock left behind by a killed process is taken over. The owner is identified by its
 * process id and, on Linux, its start time, because ids are reused.
 */
export class ProcessLock implements Disposable {
  readonly #path: string;

  /**
   * @returns The lock, or the id of the living process that holds it.
   * @throws The directory is not writable.
   */
  static take(path: string): ProcessLock | number {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${process.pid} ${beginningOf(process.pid)}\n`);
    try {
      for (;;) {
        try {
          linkSync(draft, path); // all or nothing, its content included
          return new ProcessLock(path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
        const owner = livingOwner(path);
        if (owner !== null) return owner;
        setAside(path);
      }
    } finally {
      rmSync(draft, { force: true });
    }
  }

  private constructor(path: string) {
    this.#path = path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

/** Removes the lock of a dead process. If another process removed it first and holds the lock by now, it gets it back. */
function setAside(path: string): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
    if (livingOwner(aside) !== null) linkSync(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function livingOwner(path: string): number | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null; // already gone
  }
  const [, id, beginning] = /^([1-9]\d*) (\d*)\n$/.exec(text) ?? [];
  if (id === undefined) return null;
  const pid = Number(id);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  const seen = beginningOf(pid);
  return seen === '' || beginning === '' || seen === beginning ? pid : null;
}

/** Start time of the process in kernel ticks since boot; empty where there is no /proc. */
function beginningOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? '';
  } catch {
    return '';
  }
}

/** Field 22 of the line, counted from after the command's name. */
const START_TIME_FIELD = 19;
