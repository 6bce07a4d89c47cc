/** Value of a metric in Prometheus's text format; null if it is missing or NaN. */
export function metricValue(text: string, name: string, labels: Record<string, string> = {}): number | null {
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null || match[1] !== name) continue;
    const isIt = Object.entries(labels).every(([label, value]) => match[2]?.includes(`${label}="${value}"`));
    const value = Number(match[3]);
    if (isIt && !Number.isNaN(value)) return value;
  }
  return null;
}
