import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { LedgerWriteError } from '../venue-sim-errors.ts';

/** Lines of text appended to a file in order, written in the background. */
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

  /** Starts the file anew. */
  static async create(path: string): Promise<LedgerFile> {
    return new LedgerFile(path, await open(path, 'w'));
  }

  add(line: string): void {
    if (this.failure !== null) return;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#writing ??= this.#write();
  }

  /** More is waiting than should: the caller pauses. */
  get full(): boolean {
    return this.#waitingLength > WAITING_LENGTH_MAX;
  }

  /** Resolves when every line so far was handed to the system. @throws What made writing fail. */
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
    // A turn of the loop later, so that the lines of one tick are one write.
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

/** Characters, some 50,000 trades. */
const WAITING_LENGTH_MAX = 16 * 1024 * 1024;
