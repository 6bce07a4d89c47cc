import type { GammaClient, SkippedMarket } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import { OutageNotice } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketRegistry } from './market-registry.ts';

export type DiscoveryOptions = {
  gamma: Pick<GammaClient, 'openMarkets' | 'newestMarkets' | 'closedMarketsOf'>;
  /** A scan that shows so much less than is known, in per cent, is not believed. */
  shrinkPercentMax: number;
  registry: MarketRegistry;
  marketLog: Pick<MarketLog, 'publish'>;
  keeper: Pick<PlanKeeper, 'marketsChanged' | 'unknownConditionIds' | 'scanEnded'>;
  counters: SchedulerCounters;
  log: Logger;
};

/** Finds the venue's open markets, and publishes what changed. */
export class Discovery {
  readonly #o: DiscoveryOptions;
  readonly #alarms = new OutageNotice();
  readonly #scanned = Promise.withResolvers<void>();
  #hasScanned = false;

  constructor(options: DiscoveryOptions) {
    this.#o = options;
  }

  /** Whether all open markets have been seen in this term. */
  get hasScanned(): boolean {
    return this.#hasScanned;
  }

  /** Resolves when all open markets have been seen in this term. */
  get scanned(): Promise<void> {
    return this.#scanned.promise;
  }

  /**
   * Reads all open markets once. The plan follows page by page, so that recording does not wait for the last of 1,500.
   *
   * @throws as `GammaClient.openMarkets` and `MarketLog.publish`.
   */
  async scan(signal: AbortSignal): Promise<JobResult> {
    const { gamma, registry, marketLog, keeper, counters, shrinkPercentMax, log } = this.#o;
    const seen = new Set<string>();
    const doubts: string[] = [];
    let errors = 0;
    for await (const { markets, skipped, doubt } of gamma.openMarkets(signal)) {
      for (const market of markets) seen.add(market.conditionId);
      errors += this.#tellSkipped(skipped);
      if (doubt !== null) doubts.push(doubt);
      await marketLog.publish(markets, signal);
      keeper.marketsChanged();
    }
    // A market ends when the venue says closed, not because a scan did not show it.
    const known = new Set(keeper.unknownConditionIds());
    for (const { conditionId } of registry.open()) known.add(conditionId);
    const vanished = [...known].filter((id) => !seen.has(id));
    const shrunk = shrinkDoubt({ known: known.size, vanished: vanished.length, percentMax: shrinkPercentMax });
    if (shrunk !== null) doubts.push(shrunk);
    if (doubts.length > 0) {
      log.error(
        { doubts, vanished: vanished.length },
        `The scan of the markets is in doubt: ${doubts[0]}. Nothing is concluded from it.`,
      );
    } else if (vanished.length > 0) await marketLog.publish(await gamma.closedMarketsOf(vanished, signal), signal);
    await keeper.scanEnded(signal);
    counters.scans += 1;
    counters.lastScanAtMs = Date.now();
    if (!this.#hasScanned) log.info({ markets: seen.size }, `Discovery has seen all ${seen.size} open markets.`);
    this.#hasScanned = true;
    this.#scanned.resolve();
    return { items: seen.size, errors: errors + doubts.length };
  }

  /**
   * Reads the newest open markets until two whole pages hold nothing new. Gamma is minutes late with some of
   * them; those the next scan finds.
   *
   * @throws as `scan`.
   */
  async findNewest(signal: AbortSignal): Promise<JobResult> {
    const { gamma, registry, marketLog, keeper } = this.#o;
    let found = 0;
    let errors = 0;
    let familiarPages = 0;
    let pages = 0;
    for await (const { markets, skipped } of gamma.newestMarkets({ signal })) {
      const fresh = markets.filter(({ conditionId }) => registry.stateOf(conditionId) === 'unknown').length;
      errors += this.#tellSkipped(skipped);
      await marketLog.publish(markets, signal);
      if (fresh > 0) keeper.marketsChanged();
      found += fresh;
      pages += 1;
      // A page of placeholders alone says nothing of what comes behind them.
      if (fresh === 0 && markets.length > 0) familiarPages += 1;
      if (familiarPages >= FAMILIAR_PAGES || pages >= NEWEST_PAGES_MAX) break;
    }
    return { items: found, errors };
  }

  /**
   * Placeholders are an everyday sight; what a newer parser would have to read is told, each reason once a minute.
   * @returns How many of these there are.
   */
  #tellSkipped(skipped: readonly SkippedMarket[]): number {
    let alarming = 0;
    for (const { kind, reason, gammaId, conditionId } of skipped) {
      const isAlarming = kind === 'unsupported-version' || kind === 'unreadable';
      if (isAlarming) alarming += 1;
      const level = isAlarming && this.#alarms.failed(reason, performance.now()).say ? 'error' : 'debug';
      this.#o.log[level]({ kind, gammaId, conditionId }, `A market of Gamma is not recorded: ${reason}.`);
    }
    this.#o.counters.marketsSkipped += skipped.length;
    return alarming;
  }
}

/**
 * Why a scan of the open markets cannot be believed: too many that are known did not come. Null when it can. A few
 * markets say nothing by their share.
 */
export function shrinkDoubt(o: { known: number; vanished: number; percentMax: number }): string | null {
  const { known, vanished, percentMax } = o;
  if (vanished < VANISHED_MIN || vanished * 100 <= known * percentMax) return null;
  return `${vanished} of ${known} known markets did not come, more than ${percentMax} %`;
}

const VANISHED_MIN = 20;
const FAMILIAR_PAGES = 2;
/** So many new ones are no trickle any more: the next scan takes them. */
const NEWEST_PAGES_MAX = 20;
