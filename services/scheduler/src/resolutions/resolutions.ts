import { type DataClient, type DataResolution, type GammaClient, isVenueError } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import type { Market } from '@polytape/types';
import type { JobResult } from '../jobs/job-runner.ts';
import { isSettled } from '../markets/is-settled.ts';
import type { MarketLog } from '../markets/market-log.ts';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import { BatchTroubles } from '../snapshots/batch-troubles.ts';
import { isSameSettlement, type ResolutionObservation } from './next-resolution.ts';
import { ResolutionAgenda } from './resolution-agenda.ts';
import { dataObservation } from './resolution-observation.ts';

export type ResolutionsOptions = {
  gamma: Pick<GammaClient, 'recentlyClosed' | 'openMarketsOf' | 'closedMarketsOf'>;
  data: Pick<DataClient, 'resolutions'>;
  registry: MarketRegistry;
  marketLog: Pick<MarketLog, 'publish' | 'hear'>;
  keeper: Pick<PlanKeeper, 'marketsChanged'>;
  log: Logger;
};

/**
 * Follows every market from its closing (or from a proposal while it is open) until it is settled, however long that
 * takes: reads what Gamma has closed lately, and asks Gamma and the Data API for those that are not settled.
 *
 * A market that Gamma or the market channel calls resolved is asked for at the Data API until that agrees, for a day at
 * most; then it is archived. See ADR 10.
 */
export class Resolutions {
  readonly #o: ResolutionsOptions;
  readonly #agenda = new ResolutionAgenda({ askedMax: ASKED_MAX });
  readonly #troubles: BatchTroubles;
  /** Closings until then, by the venue's clock, are known. */
  #knownUntilMs: number;

  constructor(options: ResolutionsOptions) {
    this.#o = options;
    this.#troubles = new BatchTroubles({ log: options.log, job: 'resolutions' });
    // On the very first start, from now on: what closed before was never recorded.
    this.#knownUntilMs = options.registry.closingsKnownUntilMs ?? Date.now();
  }

  /**
   * Items are the markets read or asked for. A source that fails does not keep the others from being asked; its error
   * comes out at the end.
   *
   * @throws {VenueError | TermOverError}
   */
  async round(signal: AbortSignal): Promise<JobResult> {
    const result = { items: 0, errors: 0 };
    const failures: unknown[] = [];
    const attempt = async (work: Promise<void>) => {
      await work.catch((error: unknown) => {
        signal.throwIfAborted();
        if (!isVenueError(error)) throw error;
        failures.push(error);
      });
    };
    await attempt(this.#readClosings(result, signal));
    const due = this.#agenda.take(this.#followed(), Date.now());
    result.items += due.length;
    await attempt(this.#askGamma(due, signal));
    await attempt(this.#askData(due, result, signal));
    if (failures.length > 0) throw failures[0];
    return result;
  }

  /** From the last one on, and a little before: Gamma's list is late. */
  async #readClosings(result: JobResult, signal: AbortSignal): Promise<void> {
    const { gamma, registry, marketLog, keeper, log } = this.#o;
    const nowMs = Date.now();
    const fromMs = this.#knownUntilMs - OVERLAP_MS;
    let untilMs = this.#knownUntilMs;
    let pages = 0;
    for await (const { markets } of gamma.recentlyClosed({ signal })) {
      const closings = markets.flatMap(({ closedAtMs }) => closedAtMs ?? []);
      const recent = markets.filter(({ conditionId, closedAtMs }) =>
        closedAtMs === null ? registry.stateOf(conditionId) !== 'unknown' : closedAtMs >= fromMs,
      );
      await marketLog.publish(recent, signal);
      if (recent.length > 0) keeper.marketsChanged();
      result.items += recent.length;
      // One in the future says nothing of the list: it would move the mark past what is not listed yet.
      untilMs = Math.max(untilMs, ...closings.filter((closedAtMs) => closedAtMs <= nowMs));
      pages += 1;
      if (closings.some((closedAtMs) => closedAtMs < fromMs)) break;
      if (pages >= CLOSED_PAGES_MAX) {
        log.warn({ pages }, `More than ${pages} pages of markets have closed since; scans find the rest of them.`);
        break;
      }
    }
    this.#knownUntilMs = untilMs;
  }

  /** Closed and not settled, or open with a resolution on its way. What has become settled by its age is archived. */
  *#followed(): Generator<Market> {
    const { registry } = this.#o;
    const nowMs = Date.now();
    for (const market of [...registry.ended()]) {
      if (isSettled(market, nowMs)) registry.archive(market.conditionId);
      else yield market;
    }
    for (const market of registry.open()) {
      if (market.resolution !== null && market.resolution.state !== 'reopened') yield market;
    }
  }

  async #askGamma(due: readonly Market[], signal: AbortSignal): Promise<void> {
    const { gamma, marketLog, keeper } = this.#o;
    const wanted = due.filter(({ closed, resolution }) => !closed || resolution?.state !== 'resolved');
    for (let from = 0; from < wanted.length; from += GAMMA_MARKETS_AT_ONCE) {
      const ids = wanted.slice(from, from + GAMMA_MARKETS_AT_ONCE).map(({ conditionId }) => conditionId);
      const closed = await gamma.closedMarketsOf(ids, signal);
      const found = new Set(closed.map(({ conditionId }) => conditionId));
      const rest = ids.filter((conditionId) => !found.has(conditionId));
      await marketLog.publish([...closed, ...(await gamma.openMarketsOf(rest, signal))], signal);
      keeper.marketsChanged();
    }
  }

  async #askData(due: readonly Market[], result: JobResult, signal: AbortSignal): Promise<void> {
    const { data, registry, marketLog } = this.#o;
    const ids = due.map(({ conditionId }) => conditionId).filter((conditionId) => !registry.isArchived(conditionId));
    result.errors += await this.#troubles.errorsIn(data.resolutions(ids, signal), async ({ rows }) => {
      const observations = this.#observations(rows);
      await marketLog.hear(observations, signal);
      for (const observation of observations) this.#archiveIfConfirmed(observation);
    });
  }

  #observations(rows: readonly DataResolution[]): ResolutionObservation[] {
    const nowMs = Date.now();
    return [...Map.groupBy(rows, ({ conditionId }) => conditionId)].flatMap(([conditionId, ofOne]) => {
      const market = this.#o.registry.get(conditionId);
      return market === null ? [] : (dataObservation(ofOne, market, nowMs) ?? []);
    });
  }

  #archiveIfConfirmed({ conditionId, settlement }: ResolutionObservation): void {
    const { registry } = this.#o;
    const market = registry.get(conditionId);
    if (market?.resolution?.state !== 'resolved' || settlement === null) return;
    if (market.closed && isSameSettlement(market.resolution.settlement, settlement)) registry.archive(conditionId);
  }
}

/** Gamma shows a closing some seconds to minutes late. */
const OVERLAP_MS = 2 * 60_000;
/** 100 markets each. */
const CLOSED_PAGES_MAX = 2_000;
/** A round is done within its minute: 100 requests to Gamma at most twice, and 100 to the Data API. */
const ASKED_MAX = 2_000;
const GAMMA_MARKETS_AT_ONCE = 100;
