import type { Market } from '@polytape/types';

/** Decides which unsettled markets to ask the venue for in each round: the younger, the more often. */
export class ResolutionAgenda {
  readonly #askedMax: number;
  /** When each followed market was last asked for. */
  #askedAtMs = new Map<string, number>();

  /** `askedMax`: markets in one round; those that have waited longest come first. */
  constructor(options: { askedMax: number }) {
    this.#askedMax = options.askedMax;
  }

  /** The markets to ask for now, which then count as asked for. `followed`: all markets that are not settled yet. */
  take(followed: Iterable<Market>, nowMs: number): Market[] {
    const known = new Map<string, number>();
    const due: { market: Market; askedAtMs: number; ageMs: number }[] = [];
    for (const market of followed) {
      const askedAtMs = this.#askedAtMs.get(market.conditionId) ?? Number.NEGATIVE_INFINITY;
      if (askedAtMs > Number.NEGATIVE_INFINITY) known.set(market.conditionId, askedAtMs);
      const ageMs = ageOf(market, nowMs);
      if (nowMs - askedAtMs >= pauseMs(ageMs)) due.push({ market, askedAtMs, ageMs });
    }
    due.sort((a, b) => compare(a.askedAtMs, b.askedAtMs) || a.ageMs - b.ageMs);
    const taken = due.slice(0, this.#askedMax).map(({ market }) => market);
    for (const { conditionId } of taken) known.set(conditionId, nowMs);
    this.#askedAtMs = known;
    return taken;
  }
}

/** The time since the market's closing or the last step of its resolution. */
function ageOf({ closedAtMs, seenAtMs, resolution }: Market, nowMs: number): number {
  return nowMs - Math.max(closedAtMs ?? 0, resolution?.seenAtMs ?? 0, closedAtMs === null ? seenAtMs : 0);
}

/** An undisputed resolution takes two hours and a disputed one some days. A later one may never come. */
function pauseMs(ageMs: number): number {
  return PAUSES.find(({ untilMs }) => ageMs < untilMs)?.pauseMs ?? DAY_MS;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const PAUSES = [
  { untilMs: 3 * HOUR_MS, pauseMs: 0 },
  { untilMs: DAY_MS, pauseMs: 5 * MINUTE_MS },
  { untilMs: 7 * DAY_MS, pauseMs: 30 * MINUTE_MS },
  { untilMs: 30 * DAY_MS, pauseMs: 3 * HOUR_MS },
];
