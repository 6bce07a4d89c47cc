import { hash } from 'node:crypto';

/**
 * What was last published of each token, so that only changes are published, and everything at least once in `refreshMs`.
 * Takes about 100 bytes a token.
 *
 * The tape has one snapshot of a token in each interval: the first. So a token is published once in an interval, and a later
 * reading waits for the next one. If another reading may have come first (this term began in the interval, or the clock was
 * set back), what is published does not count, and the next interval publishes it again.
 */
export class LastPublished {
  readonly #refreshMs: number;
  readonly #termBeganAtMs: number;
  readonly #random: () => number;
  readonly #last = new Map<string, Published>();

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
    const last = this.#last.get(tokenId);
    if (last?.intervalStartMs === intervalStartMs) return false;
    const backMs = Math.max(0, (last?.intervalStartMs ?? intervalStartMs) - intervalStartMs);
    const next = digest(content);
    if (last?.digest === next && backMs <= this.#refreshMs && nowMs - last.atMs < this.#refreshMs) return false;
    if (backMs > 0 || intervalStartMs < this.#termBeganAtMs) {
      // Wait for a clock that was set back, though not for days.
      const untilStartMs = backMs <= this.#refreshMs ? intervalStartMs + backMs : intervalStartMs;
      this.#last.set(tokenId, { digest: null, atMs: nowMs, intervalStartMs: untilStartMs });
      return true;
    }
    // All tokens are first seen at once: spread their refreshing over a quarter of the time.
    const isFirst = last === undefined || last.digest === null;
    const headStartMs = isFirst ? this.#random() * SPREAD_SHARE * this.#refreshMs : 0;
    this.#last.set(tokenId, { digest: next, atMs: nowMs - headStartMs, intervalStartMs });
    return true;
  }

  /** The log rejected the token's last snapshot: the next interval publishes it again. */
  rejected(tokenId: string): void {
    const last = this.#last.get(tokenId);
    if (last !== undefined) last.digest = null;
  }

  /** Forgets all other tokens. */
  keepOnly(tokens: { has(tokenId: string): boolean }): void {
    for (const tokenId of this.#last.keys()) if (!tokens.has(tokenId)) this.#last.delete(tokenId);
  }
}

/** Nine bytes of the text's sha1, as text: enough to tell two snapshots of a token apart. */
function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 12);
}

type Published = {
  /** Null if the tape may have something else. */
  digest: string | null;
  atMs: number;
  /** The last interval in which it was published. */
  intervalStartMs: number;
};

const SPREAD_SHARE = 0.25;
