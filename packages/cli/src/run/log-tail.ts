import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { rest } from '@polytape/resilience';

/** Follows a log file that another process writes, from its current end, and passes each whole line to a callback. */
export class LogTail implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #onLine: (line: string) => void;
  readonly #ended = new AbortController();
  readonly #following: Promise<void>;
  readonly #decoder = new StringDecoder();
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #offset: number;
  #beginning = '';

  static async open(path: string, onLine: (line: string) => void): Promise<LogTail> {
    const file = await open(path, 'r');
    return new LogTail(file, (await file.stat()).size, onLine);
  }

  private constructor(file: FileHandle, offset: number, onLine: (line: string) => void) {
    this.#file = file;
    this.#offset = offset;
    this.#onLine = onLine;
    this.#following = this.#follow();
  }

  /** Reads the file to its end, then stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    await using _file = this.#file;
    for (let isLast = false; !isLast; ) {
      isLast = this.#ended.signal.aborted;
      await this.#read().catch(() => {}); // the next look tries again
      if (!isLast) await rest(LOOK_INTERVAL_MS, this.#ended.signal);
    }
    if (this.#beginning !== '') this.#onLine(this.#beginning);
  }

  async #read(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size < this.#offset) this.#offset = 0; // somebody truncated the file
    while (this.#offset < size) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const lines = (this.#beginning + this.#decoder.write(this.#buffer.subarray(0, bytesRead))).split('\n');
      this.#beginning = lines.pop() ?? '';
      for (const line of lines) this.#onLine(line);
      if (this.#beginning.length > LINE_LENGTH_MAX) this.#beginning = '';
    }
  }
}

const LOOK_INTERVAL_MS = 50;
const CHUNK_BYTES = 64 * 1024;
const LINE_LENGTH_MAX = 1024 * 1024;
