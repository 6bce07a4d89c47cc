/**
 * The one rule for every hand-over, from a connection to its successor and from one ingestor to others: whoever takes over
 * must not lack a first book that the present owner has.
 *
 * @param covered The tokens that have their first book here.
 * @param lacking The tokens that lack theirs there.
 */
export function lacksNothingOf(covered: ReadonlySet<string>, lacking: readonly string[] | 'all' = []): boolean {
  return lacking === 'all' ? covered.size === 0 : !lacking.some((tokenId) => covered.has(tokenId));
}
