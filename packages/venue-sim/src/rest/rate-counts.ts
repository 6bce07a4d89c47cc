/** One of the venue's hosts. */
export type VenueHost = 'gamma' | 'clob' | 'data';

/** How many requests one limit has seen. `most`: in any 10 s. */
export type RateCount = { host: VenueHost | 'all'; rule: string; limit: number; requests: number; most: number };

/**
 * Counts requests under each limit that the venue publishes (per address, in sliding windows of 10 s), exactly and
 * without refusing any: a test asks whether its client kept to them.
 */
export class RateCounts {
  readonly #clock: () => number;
  readonly #windows = RULES.map((rule) => ({ rule, window: new SlidingWindow() }));
  /** Which windows a path counts in; paths with ids in them are as many as there are markets, so it is bounded. */
  readonly #byPath = new Map<string, SlidingWindow[]>();

  /** @param clock Monotonic, milliseconds. */
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

/** The limits of the venue's documentation in autumn 2026; `path` is what each covers. */
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

/** Times of the requests of the last 10 s, and the most there ever were at once. */
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
    // In one go, so that forgetting costs nothing most of the time.
    if (this.#first < FORGOTTEN_AT_ONCE) return;
    this.#times = this.#times.slice(this.#first);
    this.#first = 0;
  }
}

const FORGOTTEN_AT_ONCE = 4_096;
