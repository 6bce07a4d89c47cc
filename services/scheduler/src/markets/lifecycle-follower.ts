import { type Bus, BusUnavailableError, StreamReplacedError } from '@polytape/bus';
import { type GammaClient, isVenueError } from '@polytape/polymarket';
import { changedOrElapsed, errorSentence, type Logger, rest } from '@polytape/service';
import {
  decodeFact,
  isPlausibleTime,
  type LifecycleEvent,
  MalformedMessageError,
  type MarketFact,
  OutageNotice,
} from '@polytape/types';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import { channelObservation } from '../resolutions/resolution-observation.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { together } from '../together.ts';
import { Inquiries, type Told } from './inquiries.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketRegistry } from './market-registry.ts';

export type LifecycleFollowerOptions = {
  bus: Bus;
  gamma: Pick<GammaClient, 'openMarketsOf' | 'closedMarketsOf'>;
  registry: Pick<MarketRegistry, 'stateOf' | 'get'>;
  marketLog: Pick<MarketLog, 'publish' | 'hear'>;
  keeper: Pick<PlanKeeper, 'announced' | 'marketsChanged'>;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Reads from the stream EVENTS which markets were announced and resolved, and asks Gamma for their documents, so that
 * they are planned within seconds instead of at the next scan. An event alone changes no plan: it lacks half of the
 * document, and a market ends when Gamma says closed. A resolution that names its winner is believed at once (ADR 10).
 * What is missed here the jobs find. What else is in EVENTS is passed over.
 */
export class LifecycleFollower {
  readonly #o: LifecycleFollowerOptions;
  readonly #inquiries = new Inquiries(INQUIRY_LIMITS);
  readonly #outage = new OutageNotice();
  /** Resolutions that were told and not yet published as steps. */
  #resolved: LifecycleEvent[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(options: LifecycleFollowerOptions) {
    this.#o = options;
  }

  /** Follows until `signal` aborts. @throws {TermOverError | BusUnavailableError} */
  async run(signal: AbortSignal): Promise<void> {
    await together([(stop) => this.#read(stop), (stop) => this.#ask(stop)], signal);
  }

  /** From a while back: the last leader may not have come to ask for what was told last. */
  async #read(signal: AbortSignal): Promise<void> {
    const { bus, log } = this.#o;
    while (!signal.aborted) {
      const { lastSequence } = await bus.streamState('EVENTS');
      const from = lastSequence > LOOK_BACK_EVENTS ? { sequence: lastSequence - LOOK_BACK_EVENTS } : null;
      try {
        for await (const { messages } of bus.readBatches('EVENTS', from, { ...READ_LIMITS, signal })) {
          for (const { subject, body } of messages) this.#take(subject, body);
        }
      } catch (error) {
        if (!(error instanceof StreamReplacedError)) throw error;
        log.warn({ err: error }, 'The stream EVENTS was made anew; reading it from its beginning.');
      }
    }
  }

  #take(subject: string, body: Uint8Array): void {
    const { registry, counters, log } = this.#o;
    // By the subject: most facts are whole documents of our own, and need not be read.
    if (OTHER_TYPES.has(subject.split('.').at(-1))) return;
    const event = lifecycleEvent(subject, body);
    if (event === null) {
      log.warn(
        { subject },
        `A message on ${subject} is no event that this version knows; the next scan makes up for it.`,
      );
      return;
    }
    counters.lifecycleEvents += 1;
    const { conditionId, type } = event;
    const state = registry.stateOf(conditionId);
    if (type === 'market_resolved' && state !== 'unknown' && this.#resolved.length < RESOLVED_MAX) {
      this.#resolved.push(event);
      this.#changed.resolve();
    }
    if (type === 'new_market' ? state !== 'unknown' : state !== 'open') return;
    this.#inquiries.add(conditionId, type === 'new_market' ? 'announced' : 'resolved', performance.now());
    this.#changed.resolve();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#changed = Promise.withResolvers();
      await this.#hearResolved();
      const due = this.#inquiries.due(performance.now());
      if (due.length === 0) {
        const waitMs = (this.#inquiries.dueAtMs ?? Number.POSITIVE_INFINITY) - performance.now();
        await changedOrElapsed(this.#changed.promise, Math.min(IDLE_MS_MAX, Math.max(1, waitMs)), signal);
        // Events often come together; so do the questions.
        await rest(GATHER_MS, signal);
      } else {
        await this.#askFor(due, signal);
      }
    }
  }

  /** Markets that are unknown or put away by now need no step of it. */
  async #hearResolved(): Promise<void> {
    const { registry, marketLog } = this.#o;
    const events = this.#resolved;
    if (events.length === 0) return;
    this.#resolved = [];
    const observations = events.flatMap((event) => {
      const market = registry.get(event.conditionId);
      return market === null ? [] : (channelObservation(event, market) ?? []);
    });
    await marketLog.hear(observations);
  }

  async #askFor(due: readonly { conditionId: string; told: Told }[], signal: AbortSignal): Promise<void> {
    const { gamma, registry, marketLog, keeper, counters, log } = this.#o;
    const announced = due.filter(({ told }) => told === 'announced').map(({ conditionId }) => conditionId);
    try {
      const opened = await gamma.openMarketsOf(announced, signal);
      const open = new Set(opened.map(({ conditionId }) => conditionId));
      // A short-lived market may have closed before it was asked for.
      const rest = due.map(({ conditionId }) => conditionId).filter((conditionId) => !open.has(conditionId));
      const closed = await gamma.closedMarketsOf(rest, signal);
      await marketLog.publish([...opened, ...closed]);
      for (const conditionId of open) keeper.announced(conditionId);
      if (closed.length > 0) keeper.marketsChanged();
      if (this.#outage.recovered()) log.info({}, 'Markets that were told of can be learnt of again.');
    } catch (error) {
      if (signal.aborted) return;
      if (!isVenueError(error) && !(error instanceof BusUnavailableError)) throw error;
      const { say } = this.#outage.failed(errorSentence(error), performance.now());
      log[say ? 'warn' : 'debug'](
        { markets: due.length },
        `Cannot learn of markets that were told of: ${errorSentence(error)}.`,
      );
    }
    const nowMs = performance.now();
    for (const { conditionId, told } of due) {
      // The scan may have been faster.
      if (isKnown(registry.stateOf(conditionId), told)) this.#inquiries.answered(conditionId);
      else if (this.#inquiries.unanswered(conditionId, nowMs)) {
        counters.inquiriesGivenUp += 1;
        log.debug({ conditionId, told }, `Market ${conditionId} was ${told}, and Gamma does not tell so.`);
      }
    }
  }
}

function isKnown(state: 'open' | 'ended' | 'unknown', told: Told): boolean {
  return told === 'announced' ? state !== 'unknown' : state === 'ended';
}

/**
 * The event in a message; null when it is none that is known here, or one that the writer refuses: what we act on has to be
 * in the database.
 */
function lifecycleEvent(subject: string, body: Uint8Array): LifecycleEvent | null {
  try {
    const fact = decodeFact(subject, body);
    if (fact.type !== 'new_market' && fact.type !== 'market_resolved') return null;
    return isPlausibleTime(fact.exchangeAtMs) && isPlausibleTime(Math.floor(fact.receivedAtUs / 1_000)) ? fact : null;
  } catch (error) {
    if (error instanceof MalformedMessageError) return null;
    throw error;
  }
}

/** Facts that do not concern us here, our own history among them. */
const OTHER_TYPES: ReadonlySet<unknown> = new Set<Exclude<MarketFact['type'], LifecycleEvent['type']>>([
  'market_changed',
  'tick_size_change',
  'resolution_proposed',
  'resolution_disputed',
  'resolution_resolved',
  'resolution_reopened',
]);

/** Gamma has a market some seconds to minutes after its event. */
const INQUIRY_LIMITS = { marketsMax: 10_000, retryMsMin: 1_000, retryMsMax: 30_000, giveUpAfterMs: 10 * 60_000 };
/** Most of them may be changes of documents. */
const LOOK_BACK_EVENTS = 5_000;
/** More at once are left to the other sources. */
const RESOLVED_MAX = 10_000;
const READ_LIMITS = { rowsMax: 500, ageMsMax: 50 };
const GATHER_MS = 100;
const IDLE_MS_MAX = 60_000;
