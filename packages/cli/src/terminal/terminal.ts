import { shownText } from '@polytape/service';
import { renderLine, renderScreen, type Snapshot } from '../run/view.ts';

/**
 * Where a person watches. On a terminal the screen is updated in place and sentences scroll by above it; elsewhere (a
 * file, a pipe, CI) there are plain lines, the figures every 5 s.
 *
 * A reader that stops reading (Ctrl-S, a pager) stops nothing here: figures are left out until it reads again, and
 * sentences wait for it up to a maximum.
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  #shownLines = 0;
  #lastLineAtMs = Number.NEGATIVE_INFINITY;
  #lastSnapshot: Snapshot | null = null;
  #sentencesDropped = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // Node writes to a terminal and waits until it has taken all. It has no public way to change that.
    const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
    if (stream.isTTY) handle?.setBlocking?.(false);
  }

  /** A sentence that stays, on one line. */
  say(sentence: string): void {
    if (this.#stream.writableLength > UNREAD_BYTES_MAX) {
      this.#sentencesDropped += 1;
      return;
    }
    this.#erase();
    if (this.#sentencesDropped > 0) this.#stream.write(`(${this.#sentencesDropped} lines are left out here.)\n`);
    this.#sentencesDropped = 0;
    this.#stream.write(`${shownText(sentence)}\n`);
    if (this.#lastSnapshot !== null && this.#stream.isTTY) this.#draw(this.#lastSnapshot);
  }

  /** The present figures. @returns Whether they were written: not when it is too soon for another line, or nobody reads. */
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

  /** Takes the figures away; what was said stays. */
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
    // The return first: the terminal may have shown `^C`.
    if (this.#shownLines > 0) this.#stream.write(`\r\x1b[${this.#shownLines}A\x1b[J`);
    this.#shownLines = 0;
  }
}

const PLAIN_INTERVAL_MS = 5_000;
const UNREAD_BYTES_MAX = 1024 * 1024;
