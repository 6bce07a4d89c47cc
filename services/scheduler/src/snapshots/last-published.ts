import { hash } from 'node:crypto';

/**
 * What was last published of each token, so that only what changed is published, and everything at least once in
 * `refreshMs`. Keeps some 100 bytes a token.
 *
 * The tape has one snapshot of a token in each slot, the first. So a token is published once in a slot, and a later
 * reading in it is left to the next slot. Where another reading may have come first, because this term began in the
 * slot, or because the clock was set back, what is published does not count as published: the next slot has it again.
 */
export class LastPublished {
  readonly #refreshMs: number;
  readonly #termBeganAtMs: number;
  readonly #random: () => number;
  readonly #last = new Map<string, Published>();

  /** `termBeganAtMs`: slots that began before it may hold what an earlier leader read. */
  constructor(options: { refreshMs: number; termBeganAtMs: number; random?: () => number }) {
    this.#refreshMs = options.refreshMs;
    this.#termBeganAtMs = options.termBeganAtMs;
    this.#random = options.random ?? Math.random;
  }

  /** Whether the token's content is to be published now, in this slot. If so, it counts as published where it was the first. */
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
      // A clock that was set back is waited for, though not for days.
      const untilSlotAtMs = backMs <= this.#refreshMs ? intervalStartMs + backMs : intervalStartMs;
      this.#last.set(tokenId, { digest: null, atMs: nowMs, intervalStartMs: untilSlotAtMs });
      return true;
    }
    // All tokens are seen for the first time at once; their refreshing is spread over a quarter of the time.
    const isFirst = last === undefined || last.digest === null;
    const headStartMs = isFirst ? this.#random() * SPREAD_SHARE * this.#refreshMs : 0;
    this.#last.set(tokenId, { digest: next, atMs: nowMs - headStartMs, intervalStartMs });
    return true;
  }

  /** What was published last of the token has not become part of the log: the next slot has it again. */
  rejected(tokenId: string): void {
    const last = this.#last.get(tokenId);
    if (last !== undefined) last.digest = null;
  }

  /** Forgets all other tokens. */
  keepOnly(tokens: { has(tokenId: string): boolean }): void {
    for (const tokenId of this.#last.keys()) if (!tokens.has(tokenId)) this.#last.delete(tokenId);
  }
}

/** Nine bytes of a text's sha1, as text: that two texts of one token have the same will not happen. */
function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 12);
}

type Published = {
  /** Null where it may not be what the tape has. */
  digest: string | null;
  atMs: number;
  /** The latest slot in which it was published. */
  intervalStartMs: number;
};

const SPREAD_SHARE = 0.25;
