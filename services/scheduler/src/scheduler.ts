import type { Bus, KvBucket } from '@polytape/bus';
import type { ClobClient, GammaClient } from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import { COMMANDS, type IngestorPresence, type SchedulerStatus, type Shard } from '@polytape/types';
import { Discovery } from './discovery.ts';
import type { LeaderTerm } from './leader-term.ts';
import type { Leadership } from './leadership.ts';
import { LifecycleFollower } from './lifecycle-follower.ts';
import { MarketLog } from './market-log.ts';
import { MarketRegistry } from './market-registry.ts';
import { MarketSubscriber } from './market-subscriber.ts';
import { MissingTokensFollower } from './missing-tokens-follower.ts';
import { PlanKeeper } from './plan-keeper.ts';
import { type PlanSummary, summarisePlan } from './plan-summary.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';
import { ShardPlan } from './shard-plan.ts';
import type { PlanLimits } from './shard-planner.ts';
import { together } from './together.ts';

export type SchedulerOptions = {
  schedulerId: string;
  bus: Bus;
  leadership: Leadership;
  shards: KvBucket<Shard>;
  gamma: GammaClient;
  clob: ClobClient;
  discoveryIntervalMs: number;
  limits: PlanLimits;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Discovers the venue's markets and plans the shards that record them, while this scheduler leads; stands by otherwise.
 *
 * A term begins with what the log and the bucket `shards` hold, and what was known in an earlier term is forgotten: so
 * a new leader goes on where the last one was, whoever it was.
 */
export class Scheduler {
  readonly #o: SchedulerOptions;
  readonly #startedAtMs = Date.now();
  #term: Term | null = null;

  constructor(options: SchedulerOptions) {
    this.#o = options;
  }

  /** Leads whenever it can, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#o.leadership.run((term) => this.#lead(term), signal);
  }

  /** Why the scheduler is not doing its job. Standing by is doing it: another one leads. */
  readiness(): string[] {
    const reasons: string[] = [];
    if (!this.#o.bus.connected) reasons.push('the connection to NATS is interrupted');
    const { isLeading, leader } = this.#o.leadership;
    if (leader === null) reasons.push('no scheduler is known to lead yet');
    if (isLeading) {
      const failure = this.#term === null ? READING : this.#term.discovery.failure;
      if (failure !== null) reasons.push(failure);
    }
    return reasons;
  }

  /** Null while nobody is known to lead. */
  activity(): string | null {
    const { isLeading, leader } = this.#o.leadership;
    if (leader === null) return null;
    return isLeading ? 'leading' : 'standing by';
  }

  /** Numbers that metrics show; a scheduler that does not lead has no plan. */
  stats(): PlanSummary {
    if (this.#term === null) return summarisePlan({ ...NO_PLAN, limits: this.#o.limits });
    const { plan, keeper, registry } = this.#term;
    const { pending, left } = keeper;
    return summarisePlan({ shards: plan.shards, markets: registry.counts(), pending, left, limits: this.#o.limits });
  }

  /** Tokens of the plan of which the venue has no book. */
  get bookless(): number {
    return this.#term?.missing.bookless ?? 0;
  }

  /** What an operator is told of this scheduler. */
  status(): SchedulerStatus {
    const { shards, tokens, markets, capacity } = this.stats();
    return {
      service: 'scheduler',
      id: this.#o.schedulerId,
      startedAtMs: this.#startedAtMs,
      isLeading: this.#o.leadership.isLeading,
      plan: this.#term === null ? null : { shards, tokens, markets, capacity },
      jobs: [],
    };
  }

  async #lead(leaderTerm: LeaderTerm): Promise<void> {
    const { bus, shards, limits, log } = this.#o;
    // Its own publisher: what one term could not publish must not come out in a later one.
    await using publisher = bus.publisher({ unacknowledgedMax: 100, queueMax: 1_000 });
    const registry = new MarketRegistry();
    const marketLog = new MarketLog({ ...this.#o, registry, publisher, term: leaderTerm });
    await marketLog.remember();
    const plan = await ShardPlan.read(shards, leaderTerm);
    const keeper = new PlanKeeper({ plan, registry, limits, log });
    const discovery = new Discovery({ ...this.#o, registry, marketLog, keeper });
    const follower = new LifecycleFollower({ ...this.#o, registry, marketLog, keeper });
    const missing = new MissingTokensFollower({ ...this.#o, plan, keeper });
    const ingestors = await bus.kv<IngestorPresence>('ingestors');
    const { signal } = leaderTerm;
    const subscriber = new MarketSubscriber({ ...this.#o, registry, marketLog, keeper, plan, ingestors, signal });
    try {
      this.#term = { registry, plan, keeper, discovery, missing };
      await using _commands = bus.serve(COMMANDS.subscribe, (request) => subscriber.answer(request));
      const jobs = [keeper, discovery, follower, missing].map((job) => (signal: AbortSignal) => job.run(signal));
      await together(jobs, leaderTerm.signal);
    } finally {
      this.#term = null;
    }
  }
}

type Term = {
  registry: MarketRegistry;
  plan: ShardPlan;
  keeper: PlanKeeper;
  discovery: Discovery;
  missing: MissingTokensFollower;
};

const READING = 'the markets and the plan are being read from the log';
const NO_PLAN = {
  shards: new Map<number, Shard>(),
  markets: { open: 0, ended: 0 },
  pending: new Map<string, number>(),
  left: new Map<number, number>(),
} satisfies Partial<Parameters<typeof summarisePlan>[0]>;
