import { shownText } from '@polytape/service';
import { renderLine, renderScreen, type Snapshot } from '../run/view.ts';

/**
 * The output for a person. On a terminal the screen is updated in place and sentences scroll above it. Elsewhere (a file, a
 * pipe, CI) it prints plain lines, with the figures every 5 s.
 *
 * It never waits for its reader. While nobody reads (Ctrl-S, a pager), figures are dropped, and sentences are queued up to
 * a maximum.
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  #shownLines = 0;
  #lastLineAtMs = Number.NEGATIVE_INFINITY;
  #lastSnapshot: Snapshot | null = null;
  #sentencesDropped = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // By default Node blocks until the terminal has taken everything; there is no public API to change that.
    const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
    if (stream.isTTY) handle?.setBlocking?.(false);
  }

  /** Prints one line that stays. */
  say(sentence: string): void {
    if (this.#stream.writableLength > UNREAD_BYTES_MAX) {
      this.#sentencesDropped += 1;
      return;
    }
    this.#erase();
    if (this.#sentencesDropped > 0) this.#stream.write(`(${this.#sentencesDropped} lines were dropped here.)\n`);
    this.#sentencesDropped = 0;
    this.#stream.write(`${shownText(sentence)}\n`);
    if (this.#lastSnapshot !== null && this.#stream.isTTY) this.#draw(this.#lastSnapshot);
  }

  /** Shows the figures. @returns False if it is too soon for another line, or nobody reads. */
  show(snapshot: Snapshot): boolean {
    this.#lastSnapshot = snapshot;
    if (this.#stream.writableLength > 0) return false;
    if (this.#stream.isTTY) {
      this.#erase();
      this.#draw(snapshot);
      return true;
    }
    if (performance.now() - this.#lastLineAtMs < PLAIN_INTERVAL_MS) return false;
    this.#lastLineAtMs = performance.now();
    this.#stream.write(`${renderLine(snapshot)}\n`);
    return true;
  }

  /** Removes the figures; sentences stay. */
  clear(): void {
    this.#erase();
    this.#lastSnapshot = null;
  }

  #draw(snapshot: Snapshot): void {
    const lines = renderScreen(snapshot, this.#stream.columns || 80).slice(
      0,
      Math.max(1, (this.#stream.rows || 24) - 1),
    );
    this.#stream.write(lines.map((line) => `${line}\n`).join(''));
    this.#shownLines = lines.length;
  }

  #erase(): void {
    // The carriage return first: the terminal may have echoed `^C`.
    if (this.#shownLines > 0) this.#stream.write(`\r\x1b[${this.#shownLines}A\x1b[J`);
    this.#shownLines = 0;
  }
}

const PLAIN_INTERVAL_MS = 5_000;
const UNREAD_BYTES_MAX = 1024 * 1024;
