import type { MarketChannel } from '../channel/market-channel.ts';
import type { Exchange } from './exchange.ts';
import type { TruthLedger } from './truth-ledger.ts';

/** Periodic bursts at several times the base rate, which do not change the mean. */
export type Burst = { factor: number; everyMs: number; lengthMs: number };

export type TradingClockOptions = {
  exchange: Pick<Exchange, 'executeTakerOrder' | 'quote'>;
  channel: MarketChannel;
  ledger: TruthLedger;
  tradesPerSecond: number;
  burst: Burst | null;
  /** Market makers' actions per fill. */
  quotesPerTrade: number;
  openPerMinute: number;
  closePerMinute: number;
  openMarket: () => void;
  /** Gets the trading time in milliseconds. */
  closeMarket: (elapsedMs: number) => void;
  /** Does everything else that is due after this trading time in milliseconds. */
  advance: (elapsedMs: number) => void;
  /** Time between two looks at what is due. */
  tickMs?: number;
};

/**
 * Drives the venue: executes as many trades, quotes, openings and closings as are due after the trading time.
 *
 * stopped <-> running. It stops for good if the ledger file cannot be written, because trades that cannot be verified would be
 * worse than none.
 */
export class TradingClock {
  /** Trades that were skipped because the machine was too slow. */
  tradesGivenUp = 0;
  readonly #options: TradingClockOptions;
  /** Resolves with the error if the ledger file cannot be written. */
  readonly failed: Promise<Error>;
  readonly #fail: (reason: Error) => void;
  #timer: NodeJS.Timeout | null = null;
  /** Trading time before the last start. */
  #elapsedBeforeMs = 0;
  #startedAtMs = 0;
  #trades = 0;
  #quotes = 0;
  #opened = 0;
  #closed = 0;

  constructor(options: TradingClockOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.failed = promise;
    this.#fail = resolve;
  }

  get running(): boolean {
    return this.#timer !== null;
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#startedAtMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), this.#options.tickMs ?? TICK_MS);
  }

  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#elapsedBeforeMs += performance.now() - this.#startedAtMs;
  }

  #tick(): void {
    const { channel, ledger } = this.#options;
    if (ledger.failure !== null) {
      this.stop();
      this.#fail(ledger.failure);
    } else if (!ledger.full) {
      this.#catchUp();
    } // Otherwise the disk is slow, and trades wait, as on a slow machine.
    channel.flush();
  }

  #catchUp(): void {
    const { exchange, tradesPerSecond, burst, quotesPerTrade, openPerMinute, closePerMinute } = this.#options;
    const nowMs = performance.now();
    const elapsedMs = this.#elapsedBeforeMs + nowMs - this.#startedAtMs;
    const due = tradesDue(elapsedMs, { perSecond: tradesPerSecond, burst });
    const behind = due - this.#trades - Math.max(BEHIND_MIN, (tradesPerSecond * BEHIND_MS_MAX) / 1_000);
    if (behind > 0) {
      this.tradesGivenUp += Math.floor(behind);
      this.#trades += Math.floor(behind);
    }
    while (this.#trades < due && performance.now() - nowMs < BUSY_MS_MAX) {
      const fills = exchange.executeTakerOrder();
      // Nothing to trade counts as a trade; otherwise a venue without open markets would loop forever.
      this.#trades += Math.max(1, fills);
      this.#quotes += fills * quotesPerTrade;
      for (; this.#quotes >= 1; this.#quotes -= 1) exchange.quote();
    }
    for (; this.#opened < Math.floor((elapsedMs * openPerMinute) / 60_000); this.#opened += 1)
      this.#options.openMarket();
    for (; this.#closed < Math.floor((elapsedMs * closePerMinute) / 60_000); this.#closed += 1)
      this.#options.closeMarket(elapsedMs);
    this.#options.advance(elapsedMs);
  }
}

/**
 * How many trades the venue should have executed after so much trading time: an exact sum, so that late ticks cause
 * no drift. Each period is quiet first and bursts at its end.
 */
export function tradesDue(elapsedMs: number, { perSecond, burst }: { perSecond: number; burst: Burst | null }): number {
  if (burst === null) return Math.floor((elapsedMs * perSecond) / 1_000);
  const { factor, everyMs, lengthMs } = burst;
  const quietMs = everyMs - lengthMs;
  const basePerMs = ((perSecond / 1_000) * everyMs) / (quietMs + factor * lengthMs);
  const periods = Math.floor(elapsedMs / everyMs);
  const withinMs = elapsedMs - periods * everyMs;
  const within = Math.min(withinMs, quietMs) + factor * Math.max(0, withinMs - quietMs);
  return Math.floor((periods * everyMs * perSecond) / 1_000 + within * basePerMs + 1e-9);
}

const TICK_MS = 10;
/** A tick lets sockets and requests have their turn after this long, and goes on with the next. */
const BUSY_MS_MAX = 50;
/** Trades that are overdue by more than this are given up and counted: a backlog would otherwise grow without end. */
const BEHIND_MS_MAX = 5_000;
const BEHIND_MIN = 10;
