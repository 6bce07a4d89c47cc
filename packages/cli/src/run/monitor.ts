import {
  addHistograms,
  type DurationHistogram,
  histogramSince,
  parsePrometheusText,
  quantile,
  readHistogram,
  type Scrape,
  sumOf,
} from './prometheus-text.ts';

/** What the services said of themselves in one look. */
export type Look = { atMs: number; scrapes: ReadonlyMap<string, Scrape>; troubles: string[] };

/**
 * Reads `/metrics` and `/readyz` of every service, and keeps what has to be summed over time.
 *
 * Not `pm.cmd.status`: its answers come through NATS, and a screen that goes blind when NATS does could not say so; they
 * have no durations; and with thousands of shards they are too large to be asked for each second.
 */
export class Monitor {
  /** What `rate` and the recent durations are counted from: the last scrapes as they were when something was shown. */
  #marked: { atMs: number; scrapes: ReadonlyMap<string, Scrape> } | null = null;
  #latest: Look | null = null;
  /** Receive to commit, over the whole run and since the mark. */
  #total: DurationHistogram = new Map();
  #recent: DurationHistogram = new Map();
  readonly #histograms = new Map<string, DurationHistogram>();
  /** The last scrape of each service, also of one that does not answer now. */
  readonly #last = new Map<string, Scrape>();
  /** Why each service was not ready at the last look that it answered; empty once it has been. */
  readonly #neverReady = new Map<string, readonly string[]>();
  /** Counts of lives that have ended, by counter. */
  readonly #ended = new Map<string, number>();

  /** Looks at each service once; one that does not answer in a second is a trouble, not an error. */
  async look(httpPorts: ReadonlyMap<string, number>): Promise<void> {
    const scrapes = new Map<string, Scrape>();
    const troubles: string[] = [];
    await Promise.all(
      [...httpPorts].map(async ([name, port]) => {
        try {
          const [metrics, ready] = await Promise.all([get(port, '/metrics'), get(port, '/readyz')]);
          scrapes.set(name, parsePrometheusText(metrics));
          const { reasons } = JSON.parse(ready) as { reasons: string[] };
          if (this.#neverReady.get(name)?.length !== 0) this.#neverReady.set(name, reasons);
          troubles.push(...reasons.map((reason) => `${name}: ${reason}`));
        } catch {
          troubles.push(`${name} does not answer`);
        }
      }),
    );
    this.#latest = { atMs: performance.now(), scrapes, troubles: troubles.sort() };
    for (const [service, scrape] of scrapes) this.#remember(service, scrape);
    this.#addDurations(scrapes);
  }

  /** The present sum of a metric over all services. */
  sum(name: string): number {
    return sumOf(this.#latest?.scrapes.values() ?? [], name);
  }

  /** What a counter has counted since the first look, over all lives of its services: one that began anew starts at 0. */
  total(name: (typeof TOTALS)[number]): number {
    let total = this.#ended.get(name) ?? 0;
    for (const scrape of this.#last.values()) total += sumOf([scrape], name);
    return total;
  }

  /** What was seen up to now has been shown: rates and recent durations begin here. */
  mark(): void {
    if (this.#latest !== null) this.#marked = { atMs: this.#latest.atMs, scrapes: new Map(this.#last) };
    this.#recent = new Map();
  }

  /** Growth of a counter since the mark, per second; a service that began anew counts from its 0. */
  rate(name: string): number {
    if (this.#marked === null || this.#latest === null || this.#latest.atMs <= this.#marked.atMs) return 0;
    let growth = 0;
    for (const [service, scrape] of this.#latest.scrapes) {
      const before = this.#marked.scrapes.get(service);
      if (before === undefined) continue;
      const [then, now] = [sumOf([before], name), sumOf([scrape], name)];
      growth += now < then ? now : now - then;
    }
    return (growth * 1_000) / (this.#latest.atMs - this.#marked.atMs);
  }

  get troubles(): string[] {
    return this.#latest?.troubles ?? [];
  }

  /** The services that were not ready at any look, with the reasons of the last one. */
  neverReady(): string[] {
    const unready = [...this.#neverReady].filter(([, reasons]) => reasons.length > 0);
    return unready.map(([name, reasons]) => `${name}: ${reasons.join(', ')}`).sort();
  }

  /** Quantiles of receive to commit in milliseconds: of the whole run, or since the mark. */
  latency(over: 'run' | 'recent'): { p50Ms: number | null; p99Ms: number | null } {
    const histogram = over === 'run' ? this.#total : this.#recent;
    const inMs = (q: number) => {
      const seconds = quantile(histogram, q);
      return seconds === null ? null : Math.round(seconds * 1e5) / 100;
    };
    return { p50Ms: inMs(0.5), p99Ms: inMs(0.99) };
  }

  /** Keeps the counts of a life that has ended, which shows in a counter that went back. */
  #remember(service: string, scrape: Scrape): void {
    const before = this.#last.get(service);
    this.#last.set(service, scrape);
    if (before === undefined) return;
    for (const name of TOTALS) {
      const counted = sumOf([before], name);
      if (sumOf([scrape], name) < counted) this.#ended.set(name, (this.#ended.get(name) ?? 0) + counted);
    }
  }

  #addDurations(scrapes: ReadonlyMap<string, Scrape>): void {
    for (const [service, scrape] of scrapes) {
      const now = readHistogram(scrape, 'writer_receive_to_commit_seconds');
      if (now.size === 0) continue;
      const added = histogramSince(this.#histograms.get(service), now);
      this.#recent = addHistograms(this.#recent, added);
      this.#total = addHistograms(this.#total, added);
      this.#histograms.set(service, now);
    }
  }
}

/** The counters that are shown as sums over the whole run. */
const TOTALS = [
  'writer_trades_inserted_total',
  'ingestor_unparsed_total',
  'writer_dead_letters_total',
  'scheduler_prices_published_total',
  'scheduler_books_published_total',
  'scheduler_resolution_steps_total',
] as const;

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1_000) });
  return await response.text();
}
