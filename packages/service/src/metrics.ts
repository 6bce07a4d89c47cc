import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

/**
 * The metrics of one process. Packages keep plain numbers; a service says here which of them Prometheus sees and under
 * which name, and they are read when somebody asks.
 */
export class Metrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  /** A number that only grows, read at each scrape. */
  counter(name: string, help: string, read: () => number): void {
    this.#add(Counter, { name, help }, () => [[{}, read()]]);
  }

  /** A number that goes up and down, read at each scrape; null is shown as NaN. */
  gauge(name: string, help: string, read: () => number | null): void {
    this.#add(Gauge, { name, help }, () => [[{}, read() ?? Number.NaN]]);
  }

  /** Numbers by label that only grow, all of them read at each scrape. */
  counters(name: string, help: string, label: string, read: () => Iterable<[string, number]>): void {
    this.#add(Counter, { name, help, labelNames: [label] }, () => labelled(label, read()));
  }

  /** Numbers by label, all of them read at each scrape. */
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

  /** Seconds. The buckets grow by a fifth, so a quantile read from them is within some 10 % of the true one. */
  durations(name: string, help: string): { observe(seconds: number): void } {
    return new Histogram({ name, help, buckets: DURATION_BUCKETS, registers: [this.#registry] });
  }

  /** The text that Prometheus reads. */
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

/** Of the client's own metrics those whose names `promtool check metrics` objects to. The first three are sums of others. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram',
  'nodejs_eventloop_utilization_summary',
];

/** 0.1 ms to 100 s, each a fifth above the one before. */
const DURATION_BUCKETS = Array.from({ length: 77 }, (_, i) => Number((0.0001 * 1.2 ** i).toPrecision(4)));
