/**
 * Numbers the fills of one connection that look the same: 0 for the first with a given content, 1 for the second, …
 *
 * One transaction can hold several fills with the same price, size and millisecond, and each is a trade. Two
 * connections that see the same two fills both number them 0 and 1, whatever other trades come in between, so each fill
 * is stored exactly once. A content that has not been seen for `windowMs` is forgotten: until then the broker removes
 * duplicates by message id, afterwards the database's unique key does.
 *
 * Holds at most `contentsMax` contents; beyond that, the one not seen for longest is forgotten first.
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
   * How often this content has been seen before within the window; counts this sight as well.
   *
   * @param nowMs A clock that never goes back, and that stands still while the connection is not read.
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

/** The streams' duplicate window; a connection's ordinals cover the same time. */
export const DUPLICATE_WINDOW_MS = 120_000;
