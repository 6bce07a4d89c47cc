import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LedgerWriteError } from '../venue-sim-errors.ts';

/** Appends lines to a file in the background, in order. */
export class LedgerFile implements AsyncDisposable {
  readonly path: string;
  failure: LedgerWriteError | null = null;
  readonly #handle: FileHandle;
  #waiting: string[] = [];
  #waitingLength = 0;
  #writing: Promise<void> | null = null;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Creates the file, or truncates it. */
  static async create(path: string): Promise<LedgerFile> {
    return new LedgerFile(path, await open(path, 'w'));
  }

  add(line: string): void {
    if (this.failure !== null) return;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#writing ??= this.#write();
  }

  /** Whether too much is waiting, so that the caller should pause. */
  get full(): boolean {
    return this.#waitingLength > WAITING_LENGTH_MAX;
  }

  /** Resolves when the operating system has accepted all lines so far. @throws {LedgerWriteError} Writing failed. */
  async written(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.failure !== null) throw this.failure;
  }

  async *read(): AsyncGenerator<string> {
    for await (const chunk of createReadStream(this.path, { encoding: 'utf8' })) yield String(chunk);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    await this.#handle.close();
  }

  async #write(): Promise<void> {
    // Wait one turn of the event loop, so that the lines of one tick are written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && this.failure === null) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      this.#waitingLength = 0;
      try {
        await this.#handle.appendFile(text);
      } catch (error) {
        this.failure = new LedgerWriteError(this.path, error);
      }
    }
    this.#writing = null;
  }
}

/** In characters; about 50,000 trades. */
const WAITING_LENGTH_MAX = 16 * 1024 * 1024;
