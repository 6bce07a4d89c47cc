/** Items that occur more often on one side than on the other: the first few of each, to keep failures readable. */
export function difference(
  expected: Iterable<string>,
  actual: Iterable<string>,
): { missing: string[]; surplus: string[] } {
  const [wanted, found] = [multiset(expected), multiset(actual)];
  const more = (one: Map<string, number>, other: Map<string, number>): string[] =>
    [...one]
      .filter(([item, count]) => count > (other.get(item) ?? 0))
      .map(([item]) => item)
      .slice(0, 5);
  return { missing: more(wanted, found), surplus: more(found, wanted) };
}

/** Number of occurrences of each item, by its text. */
export function multiset(items: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
