/**
 * The tokens of a shard that have no book although a fresh connection was tried for them: those are reported, and no
 * further connection is opened for their sake. They stay subscribed, and are forgotten when their book comes after all
 * or when they leave the shard.
 */
export class MissingBooks {
  readonly #tried = new Set<string>();

  /** Whether any of these that wait in vain has not been tried on a fresh connection. */
  hasUntried(missing: readonly string[]): boolean {
    return missing.some((tokenId) => !this.#tried.has(tokenId));
  }

  /** These had no book on the old connection, and a fresh one, which did hear of others, did not help. */
  tried(tokenIds: Iterable<string>): void {
    for (const tokenId of tokenIds) this.#tried.add(tokenId);
  }

  /** Forgets those whose book has come, or that have left the shard. */
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
