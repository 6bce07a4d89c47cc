import { digest } from './market-digest.ts';

/**
 * What was last published of each token, so that only what changed is published, and everything at least once in
 * `refreshMs`. Keeps some 100 bytes a token.
 */
export class LastPublished {
  readonly #refreshMs: number;
  readonly #random: () => number;
  readonly #last = new Map<string, { digest: string; atMs: number }>();

  constructor(options: { refreshMs: number; random?: () => number }) {
    this.#refreshMs = options.refreshMs;
    this.#random = options.random ?? Math.random;
  }

  /** Whether the token's content is to be published now. If so, it counts as published. */
  take(tokenId: string, content: string, nowMs: number): boolean {
    const last = this.#last.get(tokenId);
    const next = digest(content);
    if (last?.digest === next && nowMs - last.atMs < this.#refreshMs) return false;
    // All tokens are seen for the first time at once; their refreshing is spread over a quarter of the time.
    const headStartMs = last === undefined ? this.#random() * SPREAD_SHARE * this.#refreshMs : 0;
    this.#last.set(tokenId, { digest: next, atMs: nowMs - headStartMs });
    return true;
  }

  /** Forgets all other tokens. */
  keepOnly(tokens: { has(tokenId: string): boolean }): void {
    for (const tokenId of this.#last.keys()) if (!tokens.has(tokenId)) this.#last.delete(tokenId);
  }
}

const SPREAD_SHARE = 0.25;
