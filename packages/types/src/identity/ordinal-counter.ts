/**
 * Numbers the fills of one connection that look the same: 0 for the first sight of a content, 1 for the second, …
 *
 * One transaction can hold several fills with the same price, size and millisecond, and each is a trade. Two
 * connections that see the same two fills both number them 0 and 1, in whatever order other trades come between, so
 * each fill survives once. A content is forgotten when it was not seen for `windowMs`: until then the broker removes
 * duplicates by message id, afterwards the database's unique key does.
 *
 * Holds at most `contentsMax` contents; beyond that the longest unseen goes first.
 */
export class OrdinalCounter {
  readonly #windowMs: number;
  readonly #contentsMax: number;
  /** Ordered by last sight, the oldest first: an entry is deleted and set again each time. */
  readonly #seen = new Map<string, { next: number; atMs: number }>();

  constructor(options: { windowMs: number; contentsMax: number }) {
    this.#windowMs = options.windowMs;
    this.#contentsMax = options.contentsMax;
  }

  /**
   * How often this content was seen before within the window; counts this sight. `nowMs`: a clock that never goes back, and
   * that stands still while the connection is not read.
   */
  next(contentHash: string, nowMs: number): number {
    const last = this.#seen.get(contentHash);
    const ordinal = last === undefined || nowMs - last.atMs > this.#windowMs ? 0 : last.next;
    this.#seen.delete(contentHash);
    this.#seen.set(contentHash, { next: ordinal + 1, atMs: nowMs });
    this.#forget(nowMs);
    return ordinal;
  }

  #forget(nowMs: number): void {
    for (const [contentHash, { atMs }] of this.#seen) {
      if (nowMs - atMs <= this.#windowMs && this.#seen.size <= this.#contentsMax) return;
      this.#seen.delete(contentHash);
    }
  }
}

/** The broker's duplicate window, which the ordinals of a connection span as well (DUPLICATE_WINDOW of the streams). */
export const DUPLICATE_WINDOW_MS = 120_000;
