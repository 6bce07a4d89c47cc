import type { Bus, KvBucket, Publisher } from '@polytape/bus';
import { unlessAborted } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import {
  COMMANDS,
  type IngestorPresence,
  type JobStatus,
  presenceFault,
  type SchedulerStatus,
  type Shard,
} from '@polytape/types';
import { JobRunner } from './jobs/job-runner.ts';
import { JOB_NAMES, type JobName, type JobSettings, termJobs, type Venue } from './jobs/term-jobs.ts';
import { DOCUMENT_WINDOW, type LastingPublishers } from './lasting-publishers.ts';
import type { LeaderTerm } from './leadership/leader-term.ts';
import type { Leadership } from './leadership/leadership.ts';
import type { Discovery } from './markets/discovery.ts';
import { Inquiries, type InquiryLimits } from './markets/inquiries.ts';
import { LifecycleFollower } from './markets/lifecycle-follower.ts';
import { MarketLog } from './markets/market-log.ts';
import { MarketRegistry } from './markets/market-registry.ts';
import { MarketStreamWatch } from './markets/market-stream-watch.ts';
import { MissingTokensFollower } from './plan/missing-tokens-follower.ts';
import { PlanKeeper } from './plan/plan-keeper.ts';
import { type PlanSummary, summarisePlan } from './plan/plan-summary.ts';
import { ShardPlan } from './plan/shard-plan.ts';
import type { PlanLimits } from './plan/shard-planner.ts';
import { MarketSubscriber } from './requests/market-subscriber.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';
import { together } from './together.ts';

export type SchedulerOptions = {
  schedulerId: string;
  bus: Bus;
  leadership: Leadership;
  publishers: LastingPublishers;
  shards: KvBucket<Shard>;
  venue: Venue;
  jobs: JobSettings;
  plan: PlanLimits;
  inquiries: InquiryLimits;
  /** How old volumes and liquidity in a market's document may become before they alone make a new version. */
  figuresIntervalMs: number;
  /** How long a document may wait for JetStream's acknowledgement before the scheduler is not ready. */
  unacknowledgedMsMax: number;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * While it leads: discovers the venue's markets, plans the shards that record them, and publishes prices, books and
 * resolutions. Stands by otherwise.
 *
 * A term begins with what the log and the bucket `shards` hold, and keeps nothing of an earlier term. So a new leader
 * continues where the last one stopped, whoever that was.
 */
export class Scheduler {
  readonly #o: SchedulerOptions;
  readonly #startedAtMs = Date.now();
  readonly #runners: Record<JobName, JobRunner>;
  #term: Term | null = null;

  constructor(options: SchedulerOptions) {
    this.#o = options;
    const runner = (name: JobName) => new JobRunner({ schedule: options.jobs.schedules[name], log: options.log });
    this.#runners = {
      discovery: runner('discovery'),
      'discovery-scan': runner('discovery-scan'),
      prices: runner('prices'),
      books: runner('books'),
      resolutions: runner('resolutions'),
    };
  }

  /** Leads whenever it can, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#o.leadership.run((term) => this.#lead(term), signal);
  }

  /** Why the scheduler is not doing its job. One that stands by for another leader is ready. */
  readiness(): string[] {
    const reasons: string[] = [];
    if (!this.#o.bus.connected) reasons.push('the connection to NATS is interrupted');
    const { isLeading, leader } = this.#o.leadership;
    if (leader === null) reasons.push('no leading scheduler is known yet');
    if (isLeading) {
      const failure = this.#term === null ? READING : this.#discoveryFailure(this.#term);
      if (failure !== null) reasons.push(failure);
    }
    const waitingMs = this.#documentsWaitMs();
    if (waitingMs >= this.#o.unacknowledgedMsMax) {
      const seconds = Math.round(waitingMs / 1_000);
      reasons.push(`JetStream has not acknowledged a message for EVENTS or MARKETS for ${seconds} s`);
    }
    return reasons;
  }

  /** How long the oldest message for EVENTS or MARKETS has waited for its acknowledgement. Prices and books may wait. */
  #documentsWaitMs(): number {
    if (this.#term === null) return 0;
    const { documents, facts } = this.#term.publishers;
    const nowMs = Date.now();
    return Math.max(...[documents, facts].map((each) => nowMs - (each.stats().oldestTakenAtMs ?? nowMs)));
  }

  /** Messages that the publishers of this term still wait to have acknowledged. */
  unacknowledged(): SchedulerStatus['unacknowledged'] {
    let messages = 0;
    let oldestAtMs: number | null = null;
    for (const publisher of Object.values(this.#term?.publishers ?? {})) {
      const { queued, unacknowledged, oldestTakenAtMs } = publisher.stats();
      messages += queued + unacknowledged;
      if (oldestTakenAtMs !== null) oldestAtMs = Math.min(oldestAtMs ?? oldestTakenAtMs, oldestTakenAtMs);
    }
    return { messages, oldestAtMs };
  }

  /** Only the scan counts: trades are recorded without prices, books and resolutions. */
  #discoveryFailure({ discovery }: Term): string | null {
    const { failure } = this.#runners['discovery-scan'].status();
    if (failure !== null) return failure;
    if (discovery.hasScanned) return null;
    // A scan retries for a while before it fails; meanwhile Gamma's last error is the reason.
    return this.#o.venue.gamma.trouble ?? 'the first scan of the markets has not finished yet';
  }

  /** What the scheduler is doing; null while no leader is known. */
  activity(): string | null {
    const { isLeading, leader } = this.#o.leadership;
    if (leader === null) return null;
    return isLeading ? 'leading' : 'standing by';
  }

  /** The plan in numbers; empty while this scheduler does not lead. */
  stats(): PlanSummary {
    if (this.#term === null) return NO_PLAN;
    const { plan, keeper, registry } = this.#term;
    return summarisePlan({
      shards: plan.shards,
      markets: registry.counts(),
      pending: keeper.pending,
      limits: this.#o.plan,
    });
  }

  /** Markets planned from their announcement that Gamma has not listed yet. */
  get unconfirmed(): number {
    return this.#term === null ? 0 : [...this.#term.inquiries.unconfirmed()].length;
  }

  /** Planned tokens for which the venue has no book. */
  get bookless(): number {
    return this.#term?.missing.bookless ?? 0;
  }

  /** How the jobs went since the process started. They rest while it stands by. */
  jobs(): JobStatus[] {
    return JOB_NAMES.map((name) => this.#runners[name].status());
  }

  /** The answer to `pm.cmd.status`. */
  status(): SchedulerStatus {
    const { shards, tokens, markets, capacity } = this.stats();
    return {
      service: 'scheduler',
      id: this.#o.schedulerId,
      startedAtMs: this.#startedAtMs,
      isLeading: this.#o.leadership.isLeading,
      plan: this.#term === null ? null : { shards, tokens, markets, capacity, perShard: perShard(this.#term.plan) },
      unacknowledged: this.unacknowledged(),
      jobs: this.jobs(),
    };
  }

  async #lead(term: LeaderTerm): Promise<void> {
    const { bus, shards, venue, jobs, plan: limits, counters, log } = this.#o;
    const { gamma, clob } = venue;
    const { signal } = term;
    using _forgotten = { [Symbol.dispose]: () => this.#o.publishers.forgetUnacknowledged() };
    // An old document must not replace a newer one, so nothing of a term is kept here.
    await using documents = bus.publisher(DOCUMENT_WINDOW);
    const { facts, prices, books } = this.#o.publishers;
    const publishers = { documents, facts, prices, books };
    const registry = new MarketRegistry({ figuresIntervalMs: this.#o.figuresIntervalMs });
    const marketLog = new MarketLog({ bus, gamma, registry, publishers, term, counters, log });
    await marketLog.remember();
    const plan = await ShardPlan.read(shards, term);
    const inquiries = new Inquiries(this.#o.inquiries);
    const unconfirmed = () => inquiries.unconfirmed();
    const keeper = new PlanKeeper({ plan, registry, unconfirmed, limits, clock: Date.now, log });
    const markets = { gamma, registry, marketLog, keeper };
    const follower = new LifecycleFollower({ ...markets, bus, clob, inquiries, counters, log });
    await follower.restore(keeper.unknownMarkets());
    const missing = new MissingTokensFollower({ bus, clob, plan, keeper, counters, log });
    const watch = new MarketStreamWatch({ bus, marketLog, intervalMs: STREAM_WATCH_INTERVAL_MS, log });
    const ingestors = await bus.kv<IngestorPresence>('ingestors', presenceFault);
    const subscriber = new MarketSubscriber({ ...markets, plan, ingestors, signal, log });
    const parts = { venue, registry, marketLog, keeper, publishers, term, counters, log };
    const { discovery, work } = termJobs({ settings: jobs, ...parts });
    const isNew = registry.size === 0;
    try {
      this.#term = { publishers, registry, plan, keeper, inquiries, discovery, missing };
      await using _commands = bus.serve(COMMANDS.subscribe, (request) => subscriber.answer(request));
      const tasks = [plan, keeper, follower, missing, watch].map((task) => (stop: AbortSignal) => task.run(stop));
      const runs = JOB_NAMES.map((name) => async (stop: AbortSignal) => {
        // On the very first start these would find no markets, and their next run would be minutes away.
        if (ABOUT_MARKETS.has(name) && isNew) await unlessAborted(discovery.scanned, stop).catch(() => {}); // stopped: the job sees it
        await this.#runners[name].run(work[name], stop);
      });
      await together([...tasks, ...runs], signal);
    } finally {
      this.#term = null;
    }
  }
}

function perShard({ shards }: ShardPlan): NonNullable<SchedulerStatus['plan']>['perShard'] {
  return [...shards].map(([shard, { tokens, tokensTarget = null }]) => ({
    shard,
    tokens: tokens.length,
    tokensTarget,
  }));
}

type Term = {
  publishers: Record<'documents' | 'facts' | 'prices' | 'books', Publisher>;
  registry: MarketRegistry;
  plan: ShardPlan;
  keeper: PlanKeeper;
  inquiries: Inquiries;
  discovery: Discovery;
  missing: MissingTokensFollower;
};

const ABOUT_MARKETS: ReadonlySet<JobName> = new Set<JobName>(['discovery', 'prices', 'books']);
/** A market that closes and is settled between two looks, and is lost with the stream, is still in EVENTS. */
const STREAM_WATCH_INTERVAL_MS = 5_000;
/** JetStream acknowledges within milliseconds, and within seconds after a restart. */
export const UNACKNOWLEDGED_MS_MAX = 30_000;
const READING = 'the scheduler is still reading the markets and the plan from the log';
const NO_PLAN: PlanSummary = {
  shards: 0,
  tokens: 0,
  markets: { open: 0, pending: 0, subscribed: 0, expired: 0 },
  capacity: { total: 0, free: 0 },
};
