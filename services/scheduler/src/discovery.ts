import { setTimeout as delay } from 'node:timers/promises';
import { type GammaClient, OutageNotice, type SkippedMarket, VenueUnavailableError } from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';
import { TermOverError } from './leader-term.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketRegistry } from './market-registry.ts';
import type { PlanKeeper } from './plan-keeper.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';

type DiscoveryOptions = {
  gamma: GammaClient;
  discoveryIntervalMs: number;
  registry: MarketRegistry;
  marketLog: MarketLog;
  keeper: PlanKeeper;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Scans the venue's open markets again and again, and publishes what changed. The plan follows page by page, so that
 * recording does not wait for the last of 1,500.
 */
export class Discovery {
  readonly #o: DiscoveryOptions;
  readonly #outage = new OutageNotice();
  readonly #alarms = new OutageNotice();
  #failure: string | null = 'the first scan of the markets has not ended yet';

  constructor(options: DiscoveryOptions) {
    this.#o = options;
  }

  /** Why no scan has succeeded lately; null when the last one did. */
  get failure(): string | null {
    return this.#failure;
  }

  /**
   * Scans until `signal` aborts. A venue that cannot be reached is tried again, for ever.
   *
   * @throws {TermOverError}
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#scan(signal);
        failures = 0;
        await delay(this.#o.discoveryIntervalMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof TermOverError) throw error;
        await this.#waitAfter(error, failures, signal);
        failures += 1;
      }
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { gamma, registry, marketLog, keeper, counters, log } = this.#o;
    const seen = new Set<string>();
    const doubts: string[] = [];
    for await (const { markets, skipped, doubt } of gamma.openMarkets(signal)) {
      for (const market of markets) seen.add(market.conditionId);
      this.#tellSkipped(skipped);
      if (doubt !== null) doubts.push(doubt);
      await marketLog.publish(markets);
      keeper.marketsChanged();
    }
    // A market ends when the venue says closed, not because a scan did not show it.
    const known = new Set(keeper.unknownConditionIds());
    for (const { conditionId } of registry.open()) known.add(conditionId);
    const vanished = [...known].filter((id) => !seen.has(id));
    if (doubts.length > 0)
      log.error({ doubts, vanished: vanished.length }, `The scan of the markets is in doubt: ${doubts[0]}.`);
    else if (vanished.length > 0) await marketLog.publish(await gamma.closedMarketsOf(vanished, signal));
    await keeper.scanEnded(signal);
    counters.scans += 1;
    counters.lastScanAtMs = Date.now();
    if (this.#failure !== null) log.info({ markets: seen.size }, `Discovery has seen all ${seen.size} open markets.`);
    this.#failure = null;
  }

  /** Placeholders are an everyday sight; what a newer parser would have to read is told, each reason once a minute. */
  #tellSkipped(skipped: readonly SkippedMarket[]): void {
    for (const { kind, reason, gammaId, conditionId } of skipped) {
      const isAlarming = kind === 'unsupported-version' || kind === 'unreadable';
      const level = isAlarming && this.#alarms.failed(reason, performance.now()).say ? 'error' : 'debug';
      this.#o.log[level]({ kind, gammaId, conditionId }, `A market of Gamma is not recorded: ${reason}.`);
    }
    this.#o.counters.marketsSkipped += skipped.length;
  }

  async #waitAfter(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { counters, log } = this.#o;
    this.#failure = errorSentence(error);
    counters.scansFailed += 1;
    const retryInMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures);
    const { operatorAction } = error as { operatorAction?: string };
    const { say } = this.#outage.failed(this.#failure, performance.now());
    const remedy = operatorAction === undefined ? '' : ` ${operatorAction}`;
    log[say ? 'warn' : 'debug'](
      { retryInMs, isVenueAway: error instanceof VenueUnavailableError },
      `Discovery failed: ${this.#failure}.${remedy} Trying again in ${retryInMs / 1_000} s, and so on until it works.`,
    );
    await delay(retryInMs, undefined, { signal }).catch(() => {});
  }
}

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
