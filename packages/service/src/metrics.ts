import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

/**
 * The metrics of one process. Packages keep plain numbers. A service registers the ones for Prometheus with their names,
 * `polytape_<service>_…`; they are read at each scrape.
 */
export class Metrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  /** A number that only grows. Its name ends with `_total`. */
  counter(name: string, help: string, read: () => number): void {
    this.#add(Counter, { name, help }, () => [[{}, read()]]);
  }

  /** A number that can go up and down; null is exported as NaN. */
  gauge(name: string, help: string, read: () => number | null): void {
    this.#add(Gauge, { name, help }, () => [[{}, read() ?? Number.NaN]]);
  }

  /** Numbers by label that only grow. */
  counters(name: string, help: string, label: string, read: () => Iterable<[string, number]>): void {
    this.#add(Counter, { name, help, labelNames: [label] }, () => labelled(label, read()));
  }

  /** Numbers by label that can go up and down. */
  gauges(name: string, help: string, label: string, read: () => Iterable<[string, number]>): void {
    this.#add(Gauge, { name, help, labelNames: [label] }, () => labelled(label, read()));
  }

  #add(
    Kind: typeof Counter | typeof Gauge,
    options: { name: string; help: string; labelNames?: string[] },
    read: () => [Record<string, string>, number][],
  ): void {
    new Kind({
      ...options,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [labels, number] of read()) this.inc(labels, number);
      },
    });
  }

  /** A histogram of durations in seconds. Each bucket is a fifth wider than the last, so quantiles are accurate to about 10 %. */
  durations(name: string, help: string): { observe(seconds: number): void } {
    return new Histogram({ name, help, buckets: DURATION_BUCKETS, registers: [this.#registry] });
  }

  /** The metrics in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

function labelled(label: string, numbers: Iterable<[string, number]>): [Record<string, string>, number][] {
  return Array.from(numbers, ([value, number]) => [{ [label]: value }, number]);
}

/** Metrics of the client library whose names `promtool check metrics` rejects. The first three are sums of other metrics. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** 0.1 ms to 100 s, each a fifth above the one before. */
const DURATION_BUCKETS = Array.from({ length: 77 }, (_, i) => Number((0.0001 * 1.2 ** i).toPrecision(4)));
