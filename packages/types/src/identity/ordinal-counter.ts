import { ContentTable } from './content-table.ts';

/**
 * Numbers the fills of one connection that look the same: 0 for the first with a given content, 1 for the second, …
 *
 * One transaction can hold several fills with the same price, size and millisecond, and each is a trade. Two
 * connections that see the same two fills both number them 0 and 1, whatever other trades come in between, so each fill
 * is stored exactly once. A content that has not been seen for `windowMs` starts again at 0: until then the broker removes
 * duplicates by message id, afterwards the database's unique key does.
 *
 * Remembers at least the last `contentsMax` contents, and at most twice that number. It keeps them in two tables, and forgets the
 * older table as a whole when the younger one is full or `windowMs` old.
 */
export class OrdinalCounter {
  readonly #windowMs: number;
  readonly #contentsMax: number;
  #young = new ContentTable();
  #old = new ContentTable();
  #youngSinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: { windowMs: number; contentsMax: number }) {
    this.#windowMs = options.windowMs;
    this.#contentsMax = options.contentsMax;
  }

  /**
   * How often this content has been seen before within the window; counts this sight as well.
   *
   * @param contentHash 16 hex digits.
   * @param nowMs A clock that never goes back, and that stands still while the connection is not read.
   */
  next(contentHash: string, nowMs: number): number {
    this.#forget(nowMs);
    const high = hexWord(contentHash, 0);
    const low = hexWord(contentHash, 8);
    const last = this.#young.get(high, low) ?? this.#old.get(high, low);
    const ordinal = last === null || nowMs - last.seenAtMs > this.#windowMs ? 0 : last.count;
    this.#young.set(high, low, { count: ordinal + 1, seenAtMs: nowMs });
    return ordinal;
  }

  #forget(nowMs: number): void {
    if (nowMs - this.#youngSinceMs <= this.#windowMs && this.#young.size < this.#contentsMax) return;
    this.#old = this.#young;
    this.#young = new ContentTable();
    this.#youngSinceMs = nowMs;
  }
}

/** Eight hex digits in lower case as a number of 32 bits. `parseInt` of a slice costs five times as much. */
function hexWord(text: string, from: number): number {
  let word = 0;
  for (let at = from; at < from + 8; at += 1) {
    const code = text.charCodeAt(at);
    word = (word << 4) | (code < LETTER_A ? code - DIGIT_0 : code - LETTER_A + 10);
  }
  return word;
}

const DIGIT_0 = 0x30;
const LETTER_A = 0x61;

/** The streams' duplicate window; a connection's ordinals cover the same time. */
export const DUPLICATE_WINDOW_MS = 120_000;
