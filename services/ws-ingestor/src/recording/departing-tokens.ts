/** Tokens that have moved to another shard, each kept for a while so that it is never without a connection. */
export class DepartingTokens {
  readonly #untilMs = new Map<string, number>();

  keep(tokenId: string, untilMs: number): void {
    this.#untilMs.set(tokenId, untilMs);
  }

  /** The token has left, or is back. */
  forget(tokenId: string): void {
    this.#untilMs.delete(tokenId);
  }

  has(tokenId: string): boolean {
    return this.#untilMs.has(tokenId);
  }

  /** The tokens whose time is over. */
  due(nowMs: number): string[] {
    return [...this.#untilMs].filter(([, untilMs]) => nowMs >= untilMs).map(([tokenId]) => tokenId);
  }

  get all(): string[] {
    return [...this.#untilMs.keys()];
  }
}
