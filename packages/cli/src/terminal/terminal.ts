import { renderLine, renderScreen, type Snapshot } from '../run/view.ts';

/**
 * Where a person watches. On a terminal the screen is updated in place and sentences scroll by above it; elsewhere (a
 * file, a pipe, CI) there are plain lines, the figures every 5 s.
 */
export class Terminal {
  readonly #stream: NodeJS.WriteStream;
  #shownLines = 0;
  #lastLineAtMs = Number.NEGATIVE_INFINITY;
  #lastSnapshot: Snapshot | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** A sentence that stays. */
  say(sentence: string): void {
    this.#erase();
    this.#stream.write(`${sentence}\n`);
    if (this.#lastSnapshot !== null && this.#stream.isTTY) this.#draw(this.#lastSnapshot);
  }

  /** The present figures. @returns Whether they are to be seen, or it was too soon for another line. */
  show(snapshot: Snapshot): boolean {
    this.#lastSnapshot = snapshot;
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
