/** Tokens that moved to another shard, each kept for a while, so that they are never without a connection. */
export class DepartingTokens {
  readonly #untilMs = new Map<string, number>();

  keep(tokenId: string, untilMs: number): void {
    this.#untilMs.set(tokenId, untilMs);
  }

  /** It has left, or it is back. */
  forget(tokenId: string): void {
    this.#untilMs.delete(tokenId);
  }

  has(tokenId: string): boolean {
    return this.#untilMs.has(tokenId);
  }

  /** Those whose time is over. */
  due(nowMs: number): string[] {
    return [...this.#untilMs].filter(([, untilMs]) => nowMs >= untilMs).map(([tokenId]) => tokenId);
  }

  get all(): string[] {
    return [...this.#untilMs.keys()];
  }
}
