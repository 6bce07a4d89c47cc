/** One of the venue's hosts. */
export type VenueHost = 'gamma' | 'clob' | 'data';

/** Number of requests under one limit. `most` is the maximum in any 10 s. */
export type RateCount = { host: VenueHost | 'all'; rule: string; limit: number; requests: number; most: number };

/**
 * Counts requests under each published limit of the venue (per address, in sliding windows of 10 s) and refuses none, so that a
 * test can check whether its client respects the limits.
 */
export class RateCounts {
  readonly #clock: () => number;
  readonly #windows = RULES.map((rule) => ({ rule, window: new SlidingWindow() }));
  /** The windows of a path. Bounded, because there are as many paths with ids as markets. */
  readonly #byPath = new Map<string, SlidingWindow[]>();

  /** @param clock Monotonic clock in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  add(host: VenueHost, path: string): void {
    const key = `${host} ${path}`;
    let windows = this.#byPath.get(key);
    if (windows === undefined) {
      windows = this.#windows
        .filter(({ rule }) => (rule.host === 'all' || rule.host === host) && rule.path.test(path))
        .map(({ window }) => window);
      if (this.#byPath.size < PATHS_MAX) this.#byPath.set(key, windows);
    }
    const nowMs = this.#clock();
    for (const window of windows) window.add(nowMs);
  }

  counts(): RateCount[] {
    return this.#windows.map(({ rule, window }) => ({
      host: rule.host,
      rule: rule.name,
      limit: rule.limit,
      requests: window.requests,
      most: window.most,
    }));
  }
}

/** The limits in the venue's documentation of autumn 2026, with the paths that each covers. */
const RULES: { host: VenueHost | 'all'; name: string; limit: number; path: RegExp }[] = [
  { host: 'all', name: 'all hosts', limit: 15_000, path: /./ },
  { host: 'gamma', name: 'general', limit: 4_000, path: /./ },
  { host: 'gamma', name: '/events', limit: 500, path: /^\/events(\/|$)/ },
  { host: 'gamma', name: '/markets', limit: 300, path: /^\/markets(\/|$)/ },
  { host: 'gamma', name: '/markets and /events lists', limit: 900, path: /^\/(markets|events)(\/keyset)?$/ },
  { host: 'gamma', name: '/tags, /comments', limit: 200, path: /^\/(tags|comments)(\/|$)/ },
  { host: 'gamma', name: '/public-search', limit: 350, path: /^\/public-search$/ },
  { host: 'clob', name: 'general', limit: 9_000, path: /./ },
  ...['/book', '/price', '/midpoint'].map((path) => clobRule(path, 1_500)),
  ...['/books', '/prices', '/midpoints'].map((path) => clobRule(path, 500)),
  clobRule('/prices-history', 1_000),
  clobRule('/tick-size', 200),
  clobRule('/ok', 100),
  { host: 'data', name: 'v2 general', limit: 800, path: /^\/v2\// },
  { host: 'data', name: 'v2 trades', limit: 300, path: /^\/v2\/trades$/ },
  { host: 'data', name: 'v2 status', limit: 100, path: /^\/v2\/status$/ },
  { host: 'data', name: 'v1 general', limit: 1_000, path: /^\/(?!v2\/)/ },
];

function clobRule(path: string, limit: number): (typeof RULES)[number] {
  return { host: 'clob', name: path, limit, path: new RegExp(`^${path}$`) };
}

const WINDOW_MS = 10_000;
const PATHS_MAX = 1_000;

/** The request times of the last 10 s, and their maximum number. */
class SlidingWindow {
  requests = 0;
  most = 0;
  #times: number[] = [];
  #first = 0;

  add(nowMs: number): void {
    this.requests += 1;
    this.#times.push(nowMs);
    while ((this.#times[this.#first] ?? nowMs) <= nowMs - WINDOW_MS) this.#first += 1;
    this.most = Math.max(this.most, this.#times.length - this.#first);
    // Removes old times in batches, because each removal copies the array.
    if (this.#first < FORGOTTEN_AT_ONCE) return;
    this.#times = this.#times.slice(this.#first);
    this.#first = 0;
  }
}

const FORGOTTEN_AT_ONCE = 4_096;
