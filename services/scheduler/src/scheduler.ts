import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Publisher } from '@polytape/bus';
import {
  type GammaClient,
  type GammaMarket,
  OutageNotice,
  type SkippedMarket,
  VenueUnavailableError,
} from '@polytape/polymarket';
import { errorSentence, type Logger } from '@polytape/service';
import { type Market, marketSubject, type Shard } from '@polytape/types';
import { MarketRegistry } from './market-registry.ts';
import type { SchedulerCounters } from './scheduler-counters.ts';
import { ShardPlan } from './shard-plan.ts';
import { planShards, type WantedMarket } from './shard-planner.ts';

export type SchedulerOptions = {
  bus: Bus;
  publisher: Publisher;
  gamma: GammaClient;
  discoveryIntervalMs: number;
  tokensTarget: number;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Discovers the venue's open markets and plans the shards that record them.
 *
 * Its state is what the log and the bucket `shards` hold: read at the start, then changed by each page of a scan. The
 * plan follows the first page, and then every few seconds, so that recording does not wait for the last of 1,500.
 */
export class Scheduler {
  readonly #o: SchedulerOptions;
  readonly #registry = new MarketRegistry();
  readonly #outage = new OutageNotice();
  readonly #alarms = new OutageNotice();
  #plan: ShardPlan | null = null;
  #plannedAtMs = Number.NEGATIVE_INFINITY;
  #failure: string | null = 'the first scan of the markets has not ended yet';

  constructor(options: SchedulerOptions) {
    this.#o = options;
  }

  /** Discovers and plans until `signal` aborts. A venue that cannot be reached is tried again, for ever. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#rememberMarkets(signal);
    this.#plan = await ShardPlan.read(await this.#o.bus.kv<Shard>('shards'), signal);
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#scan(this.#plan, signal);
        failures = 0;
        await delay(this.#o.discoveryIntervalMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        await this.#waitAfter(error, failures, signal);
        failures += 1;
      }
    }
  }

  /** Why the scheduler is not doing its job. */
  readiness(): string[] {
    const reasons = this.#failure === null ? [] : [this.#failure];
    return this.#o.bus.connected ? reasons : ['the connection to NATS is interrupted', ...reasons];
  }

  /** Numbers that metrics show. */
  stats(): { marketsOpen: number; shards: number; tokens: number } {
    const shards = [...(this.#plan?.shards.values() ?? [])];
    return {
      marketsOpen: [...this.#registry.open()].length,
      shards: shards.length,
      tokens: shards.reduce((sum, { tokens }) => sum + tokens.length, 0),
    };
  }

  /** What an earlier run has published: the versions go on from there, and nothing is published twice. */
  async #rememberMarkets(signal: AbortSignal): Promise<void> {
    const { bus, log } = this.#o;
    const { lastSequence } = await bus.streamState('MARKETS');
    if (lastSequence === 0) return;
    const limits = { rowsMax: 1_000, ageMsMax: 50, signal };
    for await (const { messages } of bus.readBatches('MARKETS', null, limits)) {
      for (const { body } of messages) this.#registry.remember(JSON.parse(Buffer.from(body).toString()) as Market);
      if ((messages.at(-1)?.sequence ?? 0) >= lastSequence) break;
    }
    log.info({ markets: this.#registry.size }, `Remembered ${this.#registry.size} markets from the log.`);
  }

  async #scan(plan: ShardPlan, signal: AbortSignal): Promise<void> {
    const { gamma, counters, log } = this.#o;
    const seen = new Set<string>();
    const doubts: string[] = [];
    for await (const { markets, skipped, doubt } of gamma.openMarkets(signal)) {
      for (const market of markets) seen.add(market.conditionId);
      this.#tellSkipped(skipped);
      if (doubt !== null) doubts.push(doubt);
      await this.#publish(markets);
      if (performance.now() - this.#plannedAtMs >= PLAN_PAUSE_MS) await this.#replan(plan);
    }
    // A market ends when the venue says closed, not because a scan did not show it.
    const vanished = [...this.#registry.open()].map(({ conditionId }) => conditionId).filter((id) => !seen.has(id));
    if (doubts.length > 0)
      log.error({ doubts, vanished: vanished.length }, `The scan of the markets is in doubt: ${doubts[0]}.`);
    else if (vanished.length > 0) await this.#publish(await gamma.closedMarkets(vanished, signal));
    await this.#replan(plan);
    counters.scans += 1;
    counters.lastScanAtMs = Date.now();
    if (this.#failure !== null) log.info({ ...this.stats() }, `Discovery has seen all ${seen.size} open markets.`);
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

  /** Publishes what is new of these markets, and waits until the log has it. */
  async #publish(markets: readonly GammaMarket[]): Promise<void> {
    const { publisher, counters } = this.#o;
    for (const description of markets) {
      const market = this.#registry.observe(description, Date.now());
      if (market === null) continue;
      counters.marketsPublished += 1;
      publisher.publish({
        subject: marketSubject(market.conditionId),
        messageId: `${market.conditionId}:${market.version}`,
        body: JSON.stringify(market),
      });
    }
    await publisher.idle();
  }

  async #replan(plan: ShardPlan): Promise<void> {
    const wanted: WantedMarket[] = [...this.#registry.open()].map(({ conditionId, tokens: [first, second] }) => ({
      conditionId,
      tokenIds: [first.tokenId, second.tokenId],
    }));
    for (const change of planShards(plan.shards, wanted, { tokensTarget: this.#o.tokensTarget })) {
      await plan.write(change);
      const tokens = change.shard?.tokens.length ?? 0;
      this.#o.log.info({ shard: change.number, tokens }, `Planned shard ${change.number} with ${tokens} tokens.`);
    }
    this.#plannedAtMs = performance.now();
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

/** A plan of 300,000 tokens takes a fraction of a second: not after each page, then. */
const PLAN_PAUSE_MS = 2_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
