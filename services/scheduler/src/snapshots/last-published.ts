import { hash } from 'node:crypto';
import { inTurns } from './in-turns.ts';

/**
 * What was last published of each token, so that only changes are published, and everything at least once in `refreshMs`.
 *
 * The tape has one snapshot of a token in each interval: the first. So a token is published once in an interval, and a later
 * reading waits for the next one. If another reading may have come first (this term began in the interval, or the clock was
 * set back), what is published does not count, and the next interval publishes it again.
 *
 * Kept in columns: 70 bytes a token, where an object with two times and a digest took 170. The venue has 312,000 tokens.
 */
export class LastPublished {
  readonly #refreshMs: number;
  readonly #termBeganAtMs: number;
  readonly #random: () => number;
  /** The row of each token, and rows that no token uses any more. */
  readonly #rows = new Map<string, number>();
  readonly #freeRows: number[] = [];
  #columns = columns(ROWS_MIN);

  /** `termBeganAtMs`: intervals that began before it may hold an earlier leader's reading. */
  constructor(options: { refreshMs: number; termBeganAtMs: number; random?: () => number }) {
    this.#refreshMs = options.refreshMs;
    this.#termBeganAtMs = options.termBeganAtMs;
    this.#random = options.random ?? Math.random;
  }

  /** Whether to publish the token's content now, in this interval. */
  take(
    tokenId: string,
    content: string,
    { intervalStartMs, nowMs }: { intervalStartMs: number; nowMs: number },
  ): boolean {
    const last = this.#last(tokenId);
    if (last?.intervalStartMs === intervalStartMs) return false;
    const backMs = Math.max(0, (last?.intervalStartMs ?? intervalStartMs) - intervalStartMs);
    const next = digest(content);
    if (last?.digest === next && backMs <= this.#refreshMs && nowMs - last.atMs < this.#refreshMs) return false;
    if (backMs > 0 || intervalStartMs < this.#termBeganAtMs) {
      // Wait for a clock that was set back, though not for days.
      const untilStartMs = backMs <= this.#refreshMs ? intervalStartMs + backMs : intervalStartMs;
      this.#set(tokenId, { digest: UNKNOWN, atMs: nowMs, intervalStartMs: untilStartMs });
      return true;
    }
    // All tokens are first seen at once: spread their refreshing over a quarter of the time.
    const isFirst = last === null || last.digest === UNKNOWN;
    const headStartMs = isFirst ? this.#random() * SPREAD_SHARE * this.#refreshMs : 0;
    this.#set(tokenId, { digest: next, atMs: nowMs - headStartMs, intervalStartMs });
    return true;
  }

  /** The log rejected the token's last snapshot: the next interval publishes it again. */
  rejected(tokenId: string): void {
    const row = this.#rows.get(tokenId);
    if (row !== undefined) this.#columns.digest[row] = UNKNOWN;
  }

  /** Forgets all other tokens. */
  async keepOnly(tokens: { has(tokenId: string): boolean }): Promise<void> {
    for await (const published of inTurns(this.#rows)) {
      for (const [tokenId, row] of published) {
        if (tokens.has(tokenId)) continue;
        this.#rows.delete(tokenId);
        this.#freeRows.push(row);
      }
    }
  }

  #last(tokenId: string): Published | null {
    const row = this.#rows.get(tokenId);
    if (row === undefined) return null;
    const { digest, atMs, intervalStartMs } = this.#columns;
    return { digest: digest[row] ?? UNKNOWN, atMs: atMs[row] ?? 0, intervalStartMs: intervalStartMs[row] ?? 0 };
  }

  #set(tokenId: string, published: Published): void {
    let row = this.#rows.get(tokenId);
    if (row === undefined) {
      // Without free rows the used ones have no holes.
      row = this.#freeRows.pop() ?? this.#rows.size;
      this.#rows.set(tokenId, row);
      if (row >= this.#columns.digest.length) this.#columns = columns(2 * row, this.#columns);
    }
    this.#columns.digest[row] = published.digest;
    this.#columns.atMs[row] = published.atMs;
    this.#columns.intervalStartMs[row] = published.intervalStartMs;
  }
}

/** Six bytes of the text's sha1: enough to tell two snapshots of a token apart. */
function digest(text: string): number {
  return Number.parseInt(hash('sha1', text).slice(0, 12), 16);
}

/** Columns with this number of rows. The first rows are copied from `from`. */
function columns(rows: number, from?: Record<keyof Published, Float64Array>): Record<keyof Published, Float64Array> {
  const column = (values: Float64Array = new Float64Array()) => {
    const larger = new Float64Array(rows);
    larger.set(values);
    return larger;
  };
  return {
    digest: column(from?.digest),
    atMs: column(from?.atMs),
    intervalStartMs: column(from?.intervalStartMs),
  };
}

type Published = {
  /** `UNKNOWN` if the tape may have something else. */
  digest: number;
  atMs: number;
  /** The last interval in which it was published. */
  intervalStartMs: number;
};

const UNKNOWN = -1;
const ROWS_MIN = 1_024;
const SPREAD_SHARE = 0.25;
