/**
 * The one rule of every handing over, of a connection to its successor as of a shard to other ingestors: whoever takes
 * over may lack no first book that the one who lets go has. `covered`: the tokens whose book has come here; `lacking`: the
 * tokens without one there.
 */
export function lacksNothingOf(covered: ReadonlySet<string>, lacking: readonly string[] | 'all' = []): boolean {
  return lacking === 'all' ? covered.size === 0 : !lacking.some((tokenId) => covered.has(tokenId));
}
