/** A limit of the venue: at most `requestsMax` requests of one kind within any `windowMs`. */
export type RateRule = { name: string; requestsMax: number; windowMs: number };

/** The venue's published limits per IP address, for the routes that polytape reads. Beyond them it first delays answers, then refuses. */
export const RATE_RULES = {
  allHosts: { name: 'all hosts', requestsMax: 15_000, windowMs: 10_000 },
  gamma: { name: 'gamma', requestsMax: 4_000, windowMs: 10_000 },
  /** /markets and /events lists together. */
  gammaLists: { name: 'gamma lists', requestsMax: 900, windowMs: 10_000 },
  gammaMarkets: { name: 'gamma markets', requestsMax: 300, windowMs: 10_000 },
  clob: { name: 'clob', requestsMax: 9_000, windowMs: 10_000 },
  clobBooks: { name: 'clob books', requestsMax: 500, windowMs: 10_000 },
  clobPrices: { name: 'clob prices', requestsMax: 500, windowMs: 10_000 },
  /** Not published; assumed to equal that of the other batch routes. */
  clobLastTrades: { name: 'clob last trades', requestsMax: 500, windowMs: 10_000 },
  /** Version 2 of the Data API. */
  data: { name: 'data', requestsMax: 800, windowMs: 10_000 },
} as const satisfies Record<string, RateRule>;

/**
 * Spreads requests so that no window sees more than 70 % of any rule's maximum: 10 % may start at once, the others at an
 * even pace of 60 %. The headroom is for other clients at the same address and for the venue's own way of counting.
 *
 * Pure: takes the time and returns how long to wait.
 */
export class RateLimiter {
  /** By rule: when the next request is due at the even pace. */
  readonly #dueAtMs = new Map<string, number>();
  #heldUntilMs = Number.NEGATIVE_INFINITY;

  /** Reserves the next place that all rules allow. @returns Milliseconds to wait before the request may start. */
  reserve(rules: readonly RateRule[], nowMs: number): number {
    const paces = rules.map((rule) => ({ name: rule.name, ...pace(rule) }));
    let atMs = Math.max(nowMs, this.#heldUntilMs);
    for (const { name, leewayMs } of paces) atMs = Math.max(atMs, this.#dueMs(name) - leewayMs);
    for (const { name, intervalMs } of paces) this.#dueAtMs.set(name, Math.max(atMs, this.#dueMs(name)) + intervalMs);
    return atMs - nowMs;
  }

  /** Holds all requests until then, because the venue asked for a rest. */
  holdUntil(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  isHeld(nowMs: number): boolean {
    return nowMs < this.#heldUntilMs;
  }

  #dueMs(name: string): number {
    return this.#dueAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
  }
}

function pace(rule: RateRule): { intervalMs: number; leewayMs: number } {
  const intervalMs = rule.windowMs / (rule.requestsMax * STEADY_SHARE);
  const atOnce = Math.max(1, Math.floor(rule.requestsMax * BURST_SHARE));
  return { intervalMs, leewayMs: (atOnce - 1) * intervalMs };
}

const STEADY_SHARE = 0.6;
const BURST_SHARE = 0.1;
