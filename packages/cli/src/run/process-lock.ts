import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * A lock file that names the process that holds it. One that a killed process left behind is taken over; the process is
 * known by its id and, on Linux, the time it began, for ids are used again.
 */
export class ProcessLock implements Disposable {
  readonly #path: string;

  /**
   * @returns The lock, or the id of the living process that holds it.
   * @throws The directory cannot be written.
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

/** Takes the lock of a dead process away. Another process may have done so before us and hold the lock by now: then it gets it back. */
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
    return null; // gone meanwhile
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

/** When the process began, in the kernel's ticks since boot; empty where the system does not tell. */
function beginningOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? '';
  } catch {
    return '';
  }
}

/** Field 22 of the line, counted from behind the command's name. */
const START_TIME_FIELD = 19;
