import type { GammaClient, SkippedMarket } from '@polytape/polymarket';
import { FailureLog } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { JobResult } from '../jobs/job-runner.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketRegistry } from './market-registry.ts';

export type DiscoveryOptions = {
  gamma: Pick<GammaClient, 'openMarkets' | 'newestMarkets' | 'closedMarketsOf'>;
  /** A scan that lacks more than this percentage of the known markets is not trusted. */
  shrinkPercentMax: number;
  registry: MarketRegistry;
  marketLog: Pick<MarketLog, 'publish'>;
  keeper: Pick<PlanKeeper, 'marketsChanged' | 'unknownMarkets' | 'scanEnded'>;
  counters: SchedulerCounters;
  log: Logger;
};

/** Finds the venue's open markets and publishes what changed. */
export class Discovery {
  readonly #o: DiscoveryOptions;
  readonly #unreadable: FailureLog;
  readonly #scanned = Promise.withResolvers<void>();
  #hasScanned = false;

  constructor(options: DiscoveryOptions) {
    this.#o = options;
    this.#unreadable = new FailureLog(options.log);
  }

  /** Whether a scan has finished in this term. */
  get hasScanned(): boolean {
    return this.#hasScanned;
  }

  /** Resolves when the first scan of this term has finished. */
  get scanned(): Promise<void> {
    return this.#scanned.promise;
  }

  /**
   * Reads all open markets once. The plan follows page by page, so that recording does not wait for the last of 1,500 pages.
   *
   * @throws as `GammaClient.openMarkets` and `MarketLog.publish`.
   */
  async scan(signal: AbortSignal): Promise<JobResult> {
    const { gamma, registry, marketLog, keeper, counters, shrinkPercentMax, log } = this.#o;
    const seen = new Set<string>();
    const doubts: string[] = [];
    let errors = 0;
    for await (const { markets, skipped, doubt } of oneAhead(gamma.openMarkets(signal))) {
      for (const market of markets) seen.add(market.conditionId);
      errors += this.#countSkipped(skipped);
      if (doubt !== null) doubts.push(doubt);
      await marketLog.publish(markets, signal);
      keeper.marketsChanged();
    }
    // A market ends when the venue calls it closed, not when a scan lacks it.
    const known = new Set(keeper.unknownMarkets().keys());
    for (const { conditionId } of registry.open()) known.add(conditionId);
    const vanished = [...known].filter((id) => !seen.has(id));
    const shrunk = shrinkDoubt({ known: known.size, vanished: vanished.length, percentMax: shrinkPercentMax });
    if (shrunk !== null) doubts.push(shrunk);
    if (doubts.length > 0) {
      log.error(
        { doubts, vanished: vanished.length },
        `The scan of the markets looks incomplete: ${doubts[0]}. Not treating the missing markets as closed.`,
      );
    } else if (vanished.length > 0) await marketLog.publish(await gamma.closedMarketsOf(vanished, signal), signal);
    await keeper.scanEnded(signal);
    counters.scans += 1;
    counters.lastScanAtMs = Date.now();
    if (!this.#hasScanned) log.info({ markets: seen.size }, `The first scan found ${seen.size} open markets.`);
    this.#hasScanned = true;
    this.#scanned.resolve();
    return { items: seen.size, errors: errors + doubts.length };
  }

  /**
   * Reads the newest open markets until two pages hold nothing new. Gamma lists some markets minutes late; the next scan
   * finds those.
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
      errors += this.#countSkipped(skipped);
      await marketLog.publish(markets, signal);
      if (fresh > 0) keeper.marketsChanged();
      found += fresh;
      pages += 1;
      // A page with nothing but placeholders is no sign that the pages behind it hold nothing new.
      if (fresh === 0 && markets.length > 0) familiarPages += 1;
      if (familiarPages >= FAMILIAR_PAGES || pages >= NEWEST_PAGES_MAX) break;
    }
    return { items: found, errors };
  }

  /**
   * Placeholders are normal. Entries that a newer parser might read are logged, each reason once a minute.
   * @returns How many of those there were.
   */
  #countSkipped(skipped: readonly SkippedMarket[]): number {
    let alarming = 0;
    for (const { kind, reason, gammaId, conditionId } of skipped) {
      const fields = { kind, gammaId, conditionId };
      const sentence = `Skipped a Gamma market: ${reason}. It is not recorded.`;
      if (kind === 'unsupported-version' || kind === 'unreadable') {
        alarming += 1;
        this.#unreadable.failed(reason, fields, sentence, 'error');
      } else this.#o.log.debug(fields, sentence);
    }
    this.#o.counters.marketsSkipped += skipped.length;
    return alarming;
  }
}

/**
 * Why a scan of the open markets cannot be trusted: too many known markets are missing from it. Null when it can. The share
 * of a few markets proves nothing.
 */
export function shrinkDoubt(o: { known: number; vanished: number; percentMax: number }): string | null {
  const { known, vanished, percentMax } = o;
  if (vanished < VANISHED_MIN || vanished * 100 <= known * percentMax) return null;
  return `it lacks ${vanished} of ${known} known markets, more than ${percentMax} %`;
}

/** Asks for the next item while the caller works on one: a cursor names only the next page, so pages cannot come side by side. */
async function* oneAhead<Item>(items: AsyncGenerator<Item, void, undefined>): AsyncGenerator<Item> {
  const ask = () => {
    const answer = items.next();
    answer.catch(() => {}); // the caller may leave before it comes
    return answer;
  };
  try {
    for (let next = ask(); ; ) {
      const { value, done } = await next;
      if (done) return;
      next = ask();
      yield value;
    }
  } finally {
    await items.return();
  }
}

const VANISHED_MIN = 20;
const FAMILIAR_PAGES = 2;
/** Beyond this the next scan is faster. */
const NEWEST_PAGES_MAX = 20;
