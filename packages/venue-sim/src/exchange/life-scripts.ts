import type { SimMarket } from '../catalogue/sim-market.ts';
import { MarketStepError } from '../venue-sim-errors.ts';
import type { Pair } from './market-life.ts';
import type { MarketLifecycle } from './market-lifecycle.ts';
import { Prng } from './prng.ts';

export type LifeScriptsOptions = {
  seed: string;
  lifecycle: MarketLifecycle;
  /** Mean time from one step to the next; hours or days on the real venue. */
  stepMs: number;
};

/**
 * How markets come to their end when nobody says how: at once and automatically those of five minutes, the others by
 * proposals, disputes, splits and voids, step by step while the venue trades. None is reopened: that is for who asks for it.
 */
export class LifeScripts {
  readonly #options: LifeScriptsOptions;
  readonly #prng: Prng;
  /** The next step of each market that is on its way. */
  readonly #waiting = new Map<SimMarket, { dueMs: number; acts: Act[] }>();

  constructor(options: LifeScriptsOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed, 'resolutions');
  }

  /** A market that is in the middle of a script must not begin another one. */
  isUnderWay(market: SimMarket): boolean {
    return this.#waiting.has(market);
  }

  /** Begins the end of an open market; its first step is taken at once. */
  begin(market: SimMarket, elapsedMs: number): void {
    const payouts = this.#payouts(market);
    if (market.event.tags.includes('5M') || this.#waiting.size >= SCRIPTS_MAX) {
      this.#options.lifecycle.resolve(market, winOnly(payouts), { automatic: true, announced: true });
      return;
    }
    this.#go(market, this.#prng.pick(SCRIPTS)(payouts, this.#prng), elapsedMs);
  }

  /** Takes every step that is due by the time spent trading. */
  advance(elapsedMs: number): void {
    for (const [market, { dueMs, acts }] of this.#waiting) {
      if (dueMs > elapsedMs) continue;
      this.#waiting.delete(market);
      this.#go(market, acts, elapsedMs);
    }
  }

  #go(market: SimMarket, [act, ...later]: readonly Act[], elapsedMs: number): void {
    if (act === undefined) return;
    try {
      act(this.#options.lifecycle, market);
    } catch (error) {
      // Somebody else has moved this market by the control interface: the script has nothing more to say.
      if (!(error instanceof MarketStepError)) throw error;
      return;
    }
    if (later.length === 0) return;
    const waitMs = -Math.log(1 - this.#prng.unit()) * this.#options.stepMs;
    this.#waiting.set(market, { dueMs: elapsedMs + waitMs, acts: later });
  }

  /** Mostly the likelier outcome; at times half to each, other shares, or nothing to anybody. */
  #payouts(market: SimMarket): Pair {
    const chance = this.#prng.unit();
    if (chance < 0.1) return ['0.5', '0.5'];
    if (chance < 0.15) return ['0.25', '0.75'];
    if (chance < 0.2) return ['0', '0'];
    return this.#prng.chance(market.fairTick / market.book.grid.ticks) ? ['1', '0'] : ['0', '1'];
  }
}

/** Markets under way at a time; past that they are resolved at once. */
const SCRIPTS_MAX = 10_000;
/** Of resolutions that came by proposals, those that no `market_resolved` tells of. */
const UNANNOUNCED_SHARE = 0.15;

type Act = (lifecycle: MarketLifecycle, market: SimMarket) => void;

const close: Act = (lifecycle, market) => lifecycle.close(market);
const dispute: Act = (lifecycle, market) => lifecycle.dispute(market);
const propose =
  (payouts: Pair): Act =>
  (lifecycle, market) =>
    lifecycle.propose(market, payouts);
const resolve =
  (payouts: Pair, prng: Prng): Act =>
  (lifecycle, market) =>
    lifecycle.resolve(market, payouts, { automatic: false, announced: !prng.chance(UNANNOUNCED_SHARE) });

const SCRIPTS: ((payouts: Pair, prng: Prng) => Act[])[] = [
  (payouts, prng) => [close, propose(payouts), resolve(payouts, prng)],
  (payouts, prng) => [close, propose(payouts), resolve(payouts, prng)],
  (payouts, prng) => [propose(payouts), close, resolve(payouts, prng)],
  (payouts, prng) => [close, propose(other(payouts)), dispute, propose(payouts), resolve(payouts, prng)],
  (payouts, prng) => [propose(payouts), dispute, propose(payouts), dispute, resolve(payouts, prng)],
  (payouts, prng) => [close, resolve(payouts, prng)],
  // Closed, and nobody ever says what became of it.
  () => [close],
];

function other([first, second]: Pair): Pair {
  return [second, first];
}

/** Automatic markets have a winner. */
function winOnly(payouts: Pair): Pair {
  return payouts[0] === '0' ? ['0', '1'] : ['1', '0'];
}
