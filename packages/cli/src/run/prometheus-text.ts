/** What one scrape said: numbers by metric name and labels, as they stand in the text. */
export type Scrape = ReadonlyMap<string, number>;

/** Reads the Prometheus text format: `name{label="value"} number`. Lines that are none are left out. */
export function parsePrometheusText(text: string): Scrape {
  const numbers = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    numbers.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return numbers;
}

/** The sum over all processes and labels of a metric; 0 where nobody has it. */
export function sumOf(scrapes: Iterable<Scrape>, name: string): number {
  let sum = 0;
  for (const scrape of scrapes) {
    for (const [key, value] of scrape) {
      if ((key === name || key.startsWith(`${name}{`)) && Number.isFinite(value)) sum += value;
    }
  }
  return sum;
}
