/**
 * The tokens of a shard that have no book although a fresh connection was tried. They are reported, and no further connection
 * is opened because of them. They stay subscribed, and are forgotten when their book arrives or they leave the shard.
 */
export class MissingBooks {
  readonly #tried = new Set<string>();

  /** Whether any of these tokens has not been tried on a fresh connection yet. */
  hasUntried(missing: readonly string[]): boolean {
    return missing.some((tokenId) => !this.#tried.has(tokenId));
  }

  /** These had no book on the old connection, nor on a fresh one that got other books. */
  tried(tokenIds: Iterable<string>): void {
    for (const tokenId of tokenIds) this.#tried.add(tokenId);
  }

  /** Forgets tokens whose book has arrived, or that have left the shard. */
  prune(o: { wanted: ReadonlySet<string>; covered: ReadonlySet<string> }): void {
    for (const tokenId of this.#tried) {
      if (!o.wanted.has(tokenId) || o.covered.has(tokenId)) this.#tried.delete(tokenId);
    }
  }

  get reported(): readonly string[] {
    return [...this.#tried];
  }

  get size(): number {
    return this.#tried.size;
  }
}
