import { rest, unlessAborted, WakeUp } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import type { MarketRegistry } from '../markets/market-registry.ts';
import type { ShardPlan } from './shard-plan.ts';
import { type Misplaced, type PlanLimits, type Planning, planShards, type WantedMarket } from './shard-planner.ts';

export type PlanKeeperOptions = {
  plan: ShardPlan;
  registry: MarketRegistry;
  /** Announced markets to record before their documents come. */
  unconfirmed: () => Iterable<WantedMarket>;
  limits: PlanLimits;
  /** Milliseconds since the epoch. Versions of new shards start here, above the unknown versions of earlier terms. */
  clock: () => number;
  log: Logger;
};

/** Keeps the plan in step with the markets: plans on change, every 30 s, and when a market has waited long enough. */
export class PlanKeeper {
  readonly #o: PlanKeeperOptions;
  readonly #announced = new Set<string>();
  readonly #expired = new Set<string>();
  #pending: Map<string, number> = new Map();
  #isFirstScan = true;
  #isListComplete = false;
  #misplaced: ReadonlyMap<number, Misplaced> = new Map();
  readonly #wakeUp = new WakeUp();
  /** Resolves when the next planning has been written. */
  #planned = Promise.withResolvers<Planning>();

  constructor(options: PlanKeeperOptions) {
    this.#o = options;
    if (options.registry.size > 0) this.#wakeUp.wake();
  }

  /** Open markets without a place, and how long they have waited. */
  get pending(): ReadonlyMap<string, number> {
    return this.#pending;
  }

  /** The registry has changed: plan soon. */
  marketsChanged(): void {
    this.#wakeUp.wake();
  }

  /** The venue has just announced this market: give it a place without waiting. */
  announced(conditionId: string): void {
    this.#announced.add(conditionId);
    this.#wakeUp.wake();
  }

  /** This market's announcement was false: remove its tokens. */
  expired(conditionId: string): void {
    this.#expired.add(conditionId);
    this.#wakeUp.wake();
  }

  /**
   * A scan of all open markets has ended. Resolves when the plan includes its markets. After the first scan of a term no
   * market waits for others: a venue of two markets would wait in vain, and after a change of leader some may have waited
   * for long. Later markets come a few at a time, and do wait.
   */
  async scanEnded(signal: AbortSignal): Promise<void> {
    this.#isListComplete = this.#isFirstScan;
    this.#isFirstScan = false;
    this.#wakeUp.wake();
    await unlessAborted(this.#planned.promise, signal);
  }

  /** The shard of a known market. One without a place gets it as if it had just been announced; null if it ended meanwhile. */
  async place(conditionId: string, signal: AbortSignal): Promise<number | null> {
    const present = this.#placeOf(conditionId);
    if (present !== null) return present;
    this.announced(conditionId);
    await unlessAborted(this.#planned.promise, signal);
    return this.#placeOf(conditionId);
  }

  /** Moves markets that the connections of these shards do not serve. @returns The moves that were written. */
  async move(misplaced: ReadonlyMap<number, Misplaced>, signal: AbortSignal): Promise<Planning['moved']> {
    this.#misplaced = misplaced;
    this.#wakeUp.wake();
    const { moved } = await unlessAborted(this.#planned.promise, signal);
    return moved;
  }

  /**
   * The planned tokens of markets that are unknown to the registry, by condition; without announced markets that wait for
   * their documents.
   */
  unknownMarkets(): Map<string, string[]> {
    const { plan, registry, unconfirmed } = this.#o;
    const waiting = new Set([...unconfirmed()].map(({ conditionId }) => conditionId));
    const unknown = new Map<string, string[]>();
    for (const { tokens } of plan.shards.values()) {
      for (const { conditionId, tokenId } of tokens) {
        if (registry.stateOf(conditionId) !== 'unknown' || waiting.has(conditionId)) continue;
        unknown.set(conditionId, [...(unknown.get(conditionId) ?? []), tokenId]);
      }
    }
    return unknown;
  }

  /**
   * Plans until `signal` aborts.
   *
   * @throws {RevisionConflictError} Somebody else writes the plan.
   * @throws {TermOverError | BusUnavailableError} The plan cannot be written now.
   */
  async run(signal: AbortSignal): Promise<void> {
    let waitMs = PLAN_INTERVAL_MS;
    while (!signal.aborted) {
      await this.#wakeUp.wait(waitMs, signal);
      if (signal.aborted) return;
      const beganAtMs = performance.now();
      const dueAtMs = await this.#plan();
      const endedAtMs = performance.now();
      const restMs = Math.max(REST_MS_MIN, REST_SHARE * (endedAtMs - beganAtMs));
      await rest(restMs, signal);
      waitMs = Math.min(PLAN_INTERVAL_MS, Math.max(0, (dueAtMs ?? Number.POSITIVE_INFINITY) - performance.now()));
    }
  }

  async #plan(): Promise<number | null> {
    const { plan, registry, limits, log } = this.#o;
    const planned = this.#planned;
    const announced = new Set(this.#announced);
    const expired = new Set(this.#expired);
    const dateMs = this.#o.clock();
    this.#planned = Promise.withResolvers();
    const planning: Planning = planShards(
      {
        shards: plan.shards,
        wanted: this.#wanted(),
        isEnded: (conditionId) => registry.stateOf(conditionId) === 'ended' || expired.has(conditionId),
        pending: this.#pending,
        announced,
        isListComplete: this.#isListComplete,
        misplaced: this.#misplaced,
        versionMin: Math.max(dateMs, plan.goneVersionMax + 1),
        dateMs,
        nowMs: performance.now(),
      },
      limits,
    );
    this.#isListComplete = false;
    this.#misplaced = new Map();
    for (const change of planning.changes) {
      await plan.write(change);
      const tokens = change.shard?.tokens.length ?? 0;
      log.info({ shard: change.number, tokens }, `Planned shard ${change.number} with ${tokens} tokens.`);
    }
    const { renewed } = planning;
    if (renewed.length > 0) {
      const some = renewed.slice(0, TOLD_MAX);
      log.info(
        { markets: renewed.length, some },
        `${renewed.length} markets changed their tokens. The plan has the new ones.`,
      );
    }
    this.#pending = planning.pending;
    for (const conditionId of expired) this.#expired.delete(conditionId);
    for (const conditionId of announced) if (!planning.pending.has(conditionId)) this.#announced.delete(conditionId);
    planned.resolve(planning);
    return planning.dueAtMs;
  }

  /** Open markets, and announced ones until their document comes. */
  *#wanted(): Generator<WantedMarket> {
    const { registry, unconfirmed } = this.#o;
    for (const { conditionId, tokens } of registry.open()) {
      yield { conditionId, tokenIds: [tokens[0].tokenId, tokens[1].tokenId] };
    }
    for (const market of unconfirmed()) {
      if (registry.stateOf(market.conditionId) === 'unknown') yield { ...market, isUnconfirmed: true };
    }
  }

  #placeOf(conditionId: string): number | null {
    for (const [number, { tokens }] of this.#o.plan.shards) {
      if (tokens.some((token) => token.conditionId === conditionId)) return number;
    }
    return null;
  }
}

/** Markets named in one log line. */
const TOLD_MAX = 20;
/** The longest time for which a missed change goes unnoticed. */
const PLAN_INTERVAL_MS = 30_000;
/** Gathers changes that come one by one. */
const REST_MS_MIN = 250;
/** Planning 300,000 tokens takes a fraction of a second. At most a fifth of the time goes into planning. */
const REST_SHARE = 4;
