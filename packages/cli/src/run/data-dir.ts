import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ProcessLock } from './process-lock.ts';

/**
 * The directory of a recorder, locked by one process at a time. `live/` and `demo/` hold the data of the servers and the
 * logs; `runtime.json` exists while a recorder runs.
 */
export class DataDir implements Disposable {
  readonly path: string;
  readonly #lock: ProcessLock;

  /** @throws {DataDirError} It cannot be written, or another recorder runs in it. */
  static take(path: string): DataDir {
    const absolute = resolve(path);
    const lock = lockOf(absolute);
    if (typeof lock !== 'number') return new DataDir(absolute, lock);
    throw new DataDirError(`another polytape (process ${lock}) is running in ${absolute}`, 'Stop it, or set');
  }

  private constructor(path: string, lock: ProcessLock) {
    this.path = path;
    this.#lock = lock;
    // A second Ctrl-C exits without disposing, and `runtime.json` with its passwords must not stay behind.
    process.once('exit', this.#release);
  }

  /** Path of a subdirectory, which is created if needed. */
  directory(...parts: string[]): string {
    const path = join(this.path, ...parts);
    makeDirectory(path);
    return path;
  }

  get runtimeFile(): string {
    return join(this.path, 'runtime.json');
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#release);
    this.#release();
  }

  readonly #release = (): void => {
    rmSync(this.runtimeFile, { force: true });
    this.#lock[Symbol.dispose]();
  };
}

/** The data directory cannot be used. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
  readonly disposition = 'stop';
  readonly operatorAction: string;

  constructor(what: string, remedy: string, cause?: unknown) {
    super(`POLYTAPE_DATA_DIR: ${what}`, cause === undefined ? {} : { cause });
    this.operatorAction = `${remedy} POLYTAPE_DATA_DIR to another directory.`;
  }
}

function lockOf(directory: string): ProcessLock | number {
  try {
    makeDirectory(directory);
    return ProcessLock.take(join(directory, 'lock'));
  } catch (error) {
    throw new DataDirError(`cannot write to ${directory}`, 'Give this user the right to, or set', error);
  }
}

/**
 * Creates the directory and its parents. Node's own `recursive` option loops forever where the parent exists but nothing
 * can be created in it, as below /proc.
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
