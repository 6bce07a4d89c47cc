/** One scrape: values by metric name and labels, spelt as in the text. */
export type Scrape = ReadonlyMap<string, number>;

/** Reads the Prometheus text format: `name{label="value"} number`. Skips other lines. */
export function parsePrometheusText(text: string): Scrape {
  const numbers = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    numbers.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return numbers;
}

/** The sum of a metric over all scrapes and labels; 0 if no scrape has it. */
export function sumOf(scrapes: Iterable<Scrape>, name: string): number {
  let sum = 0;
  for (const scrape of scrapes) {
    for (const [key, value] of scrape) {
      if ((key === name || key.startsWith(`${name}{`)) && Number.isFinite(value)) sum += value;
    }
  }
  return sum;
}

/** Counts by upper bound in seconds, each bound counted alone (not cumulative). The last bound is Infinity. */
export type DurationHistogram = ReadonlyMap<number, number>;

/** The histogram `name` of a scrape. */
export function readHistogram(scrape: Scrape, name: string): DurationHistogram {
  const cumulative: [number, number][] = [];
  for (const [key, count] of scrape) {
    const bound = key.startsWith(`${name}_bucket{`) ? /le="([^"]+)"/.exec(key)?.[1] : undefined;
    if (bound !== undefined) cumulative.push([bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), count]);
  }
  cumulative.sort(([a], [b]) => a - b);
  return new Map(cumulative.map(([bound, count], i) => [bound, count - (cumulative[i - 1]?.[1] ?? 0)]));
}

/** The counts between two reads of one service. After a restart that is the whole later read. */
export function histogramSince(before: DurationHistogram | undefined, now: DurationHistogram): DurationHistogram {
  if (before === undefined || [...now].some(([bound, count]) => count < (before.get(bound) ?? 0))) return now;
  return new Map([...now].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

export function addHistograms(a: DurationHistogram, b: DurationHistogram): DurationHistogram {
  const sum = new Map(a);
  for (const [bound, count] of b) sum.set(bound, (sum.get(bound) ?? 0) + count);
  return sum;
}

/** Seconds below which the share `q` of the durations lies, interpolated within its bucket; null when there are none. */
export function quantile(histogram: DurationHistogram, q: number): number | null {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let below = 0;
  let lower = 0;
  for (const [upper, count] of buckets) {
    if (count > 0 && below + count >= q * total) {
      return upper === Number.POSITIVE_INFINITY ? lower : lower + ((upper - lower) * (q * total - below)) / count;
    }
    below += count;
    lower = upper;
  }
  return lower;
}
