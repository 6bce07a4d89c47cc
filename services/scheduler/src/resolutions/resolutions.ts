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
  marketLog: Pick<MarketLog, 'publish' | 'publishObservations'>;
  keeper: Pick<PlanKeeper, 'marketsChanged'>;
  log: Logger;
};

/**
 * Follows every market from its closing (or from a proposal while it is open) until it is settled, however long that takes:
 * reads the markets that closed recently, and asks Gamma and the Data API for the unsettled ones.
 *
 * A market that Gamma or the market channel calls resolved is archived when the Data API agrees, or after a day. See
 * ADR 10.
 */
export class Resolutions {
  readonly #o: ResolutionsOptions;
  readonly #agenda = new ResolutionAgenda({ askedMax: ASKED_MAX });
  readonly #troubles: BatchTroubles;
  /** All closings up to this time of the venue's clock are known. */
  #knownUntilMs: number;

  constructor(options: ResolutionsOptions) {
    this.#o = options;
    this.#troubles = new BatchTroubles({ log: options.log, job: 'resolutions' });
    // On the very first start: now, because markets that closed before were never recorded.
    this.#knownUntilMs = options.registry.closingsKnownUntilMs ?? Date.now();
  }

  /**
   * Items are the markets read or asked for. If a source fails, the others are still asked, and its error is thrown at the
   * end.
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

  /** Reads from a little before the last known closing, because Gamma's list is late. */
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
      // A closing in the future would move the mark past closings that are not listed yet.
      untilMs = Math.max(untilMs, ...closings.filter((closedAtMs) => closedAtMs <= nowMs));
      pages += 1;
      if (closings.some((closedAtMs) => closedAtMs < fromMs)) break;
      if (pages >= CLOSED_PAGES_MAX) {
        log.warn(
          { pages },
          `Read ${pages} pages of closed markets without reaching the last known closing. Scans find the rest.`,
        );
        break;
      }
    }
    this.#knownUntilMs = untilMs;
  }

  /** Markets that are closed and not settled, or open with a pending resolution. Archives those that age has settled. */
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
      await marketLog.publishObservations(observations, signal);
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

/** Gamma lists a closing seconds to minutes late. */
const OVERLAP_MS = 2 * 60_000;
/** 100 markets each. */
const CLOSED_PAGES_MAX = 2_000;
/** Keeps a round within its minute: at most 200 requests to Gamma and 100 to the Data API. */
const ASKED_MAX = 2_000;
const GAMMA_MARKETS_AT_ONCE = 100;
