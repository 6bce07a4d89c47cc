import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The directory that a recorder keeps everything in, held by one process at a time:
 * `live/` and `demo/` (data of their servers, and logs), and `runtime.json` while one runs.
 */
export class DataDir implements Disposable {
  readonly path: string;
  readonly #lock: string;

  /**
   * @throws {DataDirError} It cannot be written, or another recorder runs in it.
   */
  static take(path: string): DataDir {
    const absolute = resolve(path);
    const lock = join(absolute, 'lock');
    try {
      makeDirectory(absolute);
      if (ownerOf(lock) === null) rmSync(lock, { force: true }); // left behind by a run that was killed
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch (error) {
      const owner = ownerOf(lock);
      if (owner !== null)
        throw new DataDirError(
          `another polytape (process ${owner}) is running in ${absolute}`,
          'Stop it, or set',
          error,
        );
      throw new DataDirError(`cannot write to ${absolute}`, 'Give this user the right to, or set', error);
    }
    return new DataDir(absolute, lock);
  }

  private constructor(path: string, lock: string) {
    this.path = path;
    this.#lock = lock;
  }

  /** Path of something in it; its directory is made. */
  directory(...parts: string[]): string {
    const path = join(this.path, ...parts);
    makeDirectory(path);
    return path;
  }

  get runtimeFile(): string {
    return join(this.path, 'runtime.json');
  }

  [Symbol.dispose](): void {
    rmSync(this.runtimeFile, { force: true });
    rmSync(this.#lock, { force: true });
  }
}

/** The data directory cannot be used. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(what: string, remedy: string, cause: unknown) {
    super(`POLYTAPE_DATA_DIR: ${what}`, { cause });
    this.operatorAction = `${remedy} POLYTAPE_DATA_DIR to another directory.`;
  }
}

/**
 * Makes the directory and those above it. Not by Node's own `recursive`, which tries for ever where the parent exists and
 * yet nothing can be made in it, as below /proc.
 */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path);
  }
}

/** The living process that holds the lock, or null. */
function ownerOf(lock: string): number | null {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Number(readFileSync(lock, 'utf8')) : null;
  }
}
