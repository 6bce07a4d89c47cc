import type { SimMarket } from '../catalogue/sim-market.ts';
import { MarketStepError } from '../venue-sim-errors.ts';
import type { Pair } from './market-life.ts';
import type { MarketLifecycle } from './market-lifecycle.ts';
import { Prng } from './prng.ts';

export type LifeScriptsOptions = {
  seed: string;
  lifecycle: MarketLifecycle;
  /** Mean time between steps, which is hours or days on the live venue. */
  stepMs: number;
};

/**
 * Ends markets without being told how. Five-minute markets are resolved at once and automatically, others step by step by
 * proposals, disputes, splits and voids while the venue trades. Markets are reopened only on request.
 */
export class LifeScripts {
  readonly #options: LifeScriptsOptions;
  readonly #prng: Prng;
  /** The remaining steps of each market with a running script. */
  readonly #waiting = new Map<SimMarket, { dueMs: number; acts: Act[] }>();

  constructor(options: LifeScriptsOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed, 'resolutions');
  }

  /** Whether a script of this market is running: it must not begin another one. */
  isUnderWay(market: SimMarket): boolean {
    return this.#waiting.has(market);
  }

  /** Begins the script of an open market, and takes its first step. */
  begin(market: SimMarket, elapsedMs: number): void {
    const payouts = this.#payouts(market);
    if (market.event.tags.includes('5M') || this.#waiting.size >= SCRIPTS_MAX) {
      this.#options.lifecycle.resolve(market, winOnly(payouts), { automatic: true, announced: true });
      return;
    }
    this.#go(market, this.#prng.pick(SCRIPTS)(payouts, this.#prng), elapsedMs);
  }

  /** Takes all steps that are due after this trading time. */
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
      // The control interface has moved this market meanwhile, so its script ends.
      if (!(error instanceof MarketStepError)) throw error;
      return;
    }
    if (later.length === 0) return;
    const waitMs = -Math.log(1 - this.#prng.unit()) * this.#options.stepMs;
    this.#waiting.set(market, { dueMs: elapsedMs + waitMs, acts: later });
  }

  /** Mostly the likelier outcome; sometimes a half each, other shares, or a void. */
  #payouts(market: SimMarket): Pair {
    const chance = this.#prng.unit();
    if (chance < 0.1) return ['0.5', '0.5'];
    if (chance < 0.15) return ['0.25', '0.75'];
    if (chance < 0.2) return ['0', '0'];
    return this.#prng.chance(market.fairTick / market.book.grid.ticks) ? ['1', '0'] : ['0', '1'];
  }
}

/** Maximum of running scripts; beyond it, markets are resolved at once. */
const SCRIPTS_MAX = 10_000;
/** Share of proposed resolutions without a `market_resolved`. */
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
  // Closed, and never resolved.
  () => [close],
];

function other([first, second]: Pair): Pair {
  return [second, first];
}

/** Automatic markets always have a winner. */
function winOnly(payouts: Pair): Pair {
  return payouts[0] === '0' ? ['0', '1'] : ['1', '0'];
}
