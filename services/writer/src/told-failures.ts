/**
 * Why streams are not projected, in a sentence for each cause: a database that is away keeps all of them from it, and is
 * one trouble.
 *
 * @param failures By stream; null where there is none.
 */
export function toldFailures(failures: ReadonlyMap<string, string | null>): string[] {
  const streams = new Map<string, string[]>();
  for (const [stream, failure] of failures) {
    if (failure !== null) streams.set(failure, [...(streams.get(failure) ?? []), stream]);
  }
  return [...streams].map(([failure, of]) => {
    const isAll = of.length > 1 && of.length === failures.size;
    return `${isAll ? 'all streams' : of.join(', ')}: ${failure}`;
  });
}
