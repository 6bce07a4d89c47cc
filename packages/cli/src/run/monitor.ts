import {
  addHistograms,
  type DurationHistogram,
  histogramSince,
  parsePrometheusText,
  quantile,
  readHistogram,
  type Scrape,
  sumOf,
} from '@polytape/service';

/** The metrics and readiness of all services at one moment. */
export type Look = { atMs: number; scrapes: ReadonlyMap<string, Scrape>; troubles: string[] };

/**
 * Reads `/metrics` and `/readyz` of every service, and sums up counters over restarts.
 *
 * Rejected: `pm.cmd.status`. Its answers come through NATS, so the screen could not report that NATS is down. They hold no
 * histogram for the quantiles, and with thousands of shards they are too large for one request a second.
 */
export class Monitor {
  /** Scrapes at the last `mark`: the base of rates and recent durations. */
  #marked: { atMs: number; scrapes: ReadonlyMap<string, Scrape> } | null = null;
  #latest: Look | null = null;
  /** Durations from receipt to commit, over the whole run and since the mark. */
  #total: DurationHistogram = new Map();
  #recent: DurationHistogram = new Map();
  readonly #histograms = new Map<string, DurationHistogram>();
  /** The last scrape of each service, kept while the service does not answer. */
  readonly #last = new Map<string, Scrape>();
  /** Why each service was not ready when it last answered; empty once it was ready. */
  readonly #neverReady = new Map<string, readonly string[]>();
  /** Counts of processes that have ended, by counter. */
  readonly #ended = new Map<string, number>();
  readonly #storedTrades: () => Promise<number>;
  #recountsLeft = 0;

  /** `storedTrades` counts the trades of this run in the database. It is called only after a restart: a long tape takes seconds. */
  constructor(storedTrades: () => Promise<number>) {
    this.#storedTrades = storedTrades;
  }

  /** Scrapes each service once. A service that does not answer within a second becomes a trouble, not an error. */
  async look(httpPorts: ReadonlyMap<string, number>): Promise<void> {
    const scrapes = new Map<string, Scrape>();
    const troubles: string[] = [];
    // Before the scrapes: a trade that is written in between is then missed until the next recount, and not counted twice.
    const stored = this.#recountsLeft > 0 ? await this.#storedTrades().catch(() => null) : null;
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
    if (stored !== null) this.#recount(stored, scrapes);
    this.#addDurations(scrapes);
  }

  /** The current sum of a metric over all services. */
  sum(name: string): number {
    return sumOf(this.#latest?.scrapes.values() ?? [], name);
  }

  /** The total of a counter over all processes of its services, also those that have ended. */
  total(name: (typeof TOTALS)[number]): number {
    let total = this.#ended.get(name) ?? 0;
    for (const scrape of this.#last.values()) total += sumOf([scrape], name);
    return total;
  }

  /** Starts a new interval for rates and recent durations: the last one has been shown. */
  mark(): void {
    if (this.#latest !== null) this.#marked = { atMs: this.#latest.atMs, scrapes: new Map(this.#last) };
    this.#recent = new Map();
  }

  /** Growth of a counter since the mark, per second. A restarted service counts from 0. */
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

  /** Services that were never ready, with their last reasons. */
  neverReady(): string[] {
    const unready = [...this.#neverReady].filter(([, reasons]) => reasons.length > 0);
    return unready.map(([name, reasons]) => `${name}: ${reasons.join(', ')}`).sort();
  }

  /** Quantiles of the time from receipt to commit in milliseconds, for the whole run or since the mark. */
  latency(over: 'run' | 'recent'): { p50Ms: number | null; p99Ms: number | null } {
    const histogram = over === 'run' ? this.#total : this.#recent;
    const inMs = (q: number) => {
      const seconds = quantile(histogram, q);
      return seconds === null ? null : Math.round(seconds * 1e5) / 100;
    };
    return { p50Ms: inMs(0.5), p99Ms: inMs(0.99) };
  }

  /** Keeps the counts of a process that has ended: its successor counts from 0. */
  #remember(service: string, scrape: Scrape): void {
    const before = this.#last.get(service);
    this.#last.set(service, scrape);
    if (before === undefined || sumOf([before], STARTED) === sumOf([scrape], STARTED)) return;
    for (const name of TOTALS) this.#add(name, sumOf([before], name));
    if (scrape.has(INSERTED)) this.#recountsLeft = RECOUNTS;
  }

  /** Adds the trades that an ended writer committed after its last scrape. A writer that does not answer may have counted them. */
  #recount(stored: number, scrapes: ReadonlyMap<string, Scrape>): void {
    if (![...scrapes.values()].some((scrape) => scrape.has(INSERTED))) return;
    this.#recountsLeft -= 1;
    this.#add(INSERTED, Math.max(0, stored - this.total(INSERTED)));
  }

  #add(name: string, count: number): void {
    this.#ended.set(name, (this.#ended.get(name) ?? 0) + count);
  }

  #addDurations(scrapes: ReadonlyMap<string, Scrape>): void {
    for (const [service, scrape] of scrapes) {
      const now = readHistogram(scrape, 'polytape_writer_receive_to_commit_seconds');
      if (now.size === 0) continue;
      const added = histogramSince(this.#histograms.get(service), now);
      this.#recent = addHistograms(this.#recent, added);
      this.#total = addHistograms(this.#total, added);
      this.#histograms.set(service, now);
    }
  }
}

const INSERTED = 'polytape_writer_trades_inserted_total';
/** The start of the process: a successor may have counted further than its predecessor by its first scrape. */
const STARTED = 'process_start_time_seconds';
/** Each leaves out what is written between the count and the scrape; the best of a few is nearly exact. */
const RECOUNTS = 3;

/** The counters whose totals over the whole run are shown. */
const TOTALS = [
  INSERTED,
  'polytape_ingestor_unparsed_total',
  'polytape_writer_dead_letters_total',
  'polytape_scheduler_prices_published_total',
  'polytape_scheduler_books_published_total',
  'polytape_scheduler_resolution_steps_total',
] as const;

/** An ingestor at its limit answers after a second or two. */
const ANSWER_MS_MAX = 3_000;

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  return await response.text();
}
