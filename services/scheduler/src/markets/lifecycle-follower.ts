import { type Bus, BusUnavailableError, type StreamMessage, StreamReplacedError } from '@polytape/bus';
import { type ClobClient, type GammaClient, isVenueError } from '@polytape/polymarket';
import { FailureLog, rest, WakeUp } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import {
  decodeFact,
  eventSubject,
  isPlausibleTime,
  type LifecycleEvent,
  MalformedMessageError,
  type MarketFact,
} from '@polytape/types';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import type { WantedMarket } from '../plan/shard-planner.ts';
import { channelObservation } from '../resolutions/resolution-observation.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { together } from '../together.ts';
import { findBooks } from './find-books.ts';
import type { Announcement, Inquiries } from './inquiries.ts';
import type { MarketLog } from './market-log.ts';
import type { MarketRegistry } from './market-registry.ts';

export type LifecycleFollowerOptions = {
  bus: Pick<Bus, 'streamState' | 'readBatches' | 'lastMessageOn'>;
  gamma: Pick<GammaClient, 'openMarketsOf' | 'closedMarketsOf'>;
  clob: Pick<ClobClient, 'books'>;
  registry: Pick<MarketRegistry, 'stateOf' | 'get'>;
  marketLog: Pick<MarketLog, 'publish' | 'publishObservations'>;
  keeper: Pick<PlanKeeper, 'announced' | 'expired' | 'marketsChanged'>;
  /** Markets that wait for their documents. The keeper plans those whose tokens are known. */
  inquiries: Inquiries;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Reads new and resolved markets from the stream EVENTS.
 *
 * A new market is planned at once with the tokens that its event names, because it trades seconds to minutes before Gamma
 * lists it. Gamma is queried until it has the document, which then decides (other tokens, or closed). An announcement that
 * has neither a document nor a book at the CLOB after 10 minutes (`INQUIRY_LIMITS`) was false, and its tokens leave the
 * plan.
 *
 * Until its document comes, such a market exists in the plan and in EVENTS only. A partial document in MARKETS would look
 * whole to the next leader, would stay there forever after a false announcement, and could overwrite a newer one. A new
 * leader finds the market in the plan and its announcement in EVENTS.
 *
 * A market ends when Gamma calls it closed. A resolution that names its winner counts at once (ADR 10). The jobs find
 * whatever this class misses.
 */
export class LifecycleFollower {
  readonly #o: LifecycleFollowerOptions;
  readonly #gammaFailures: FailureLog;
  readonly #clobFailures: FailureLog;
  readonly #flood: FailureLog;
  /** Resolutions not yet published as steps. */
  #resolved: LifecycleEvent[] = [];
  readonly #wakeUp = new WakeUp();

  constructor(options: LifecycleFollowerOptions) {
    this.#o = options;
    this.#gammaFailures = new FailureLog(options.log);
    this.#clobFailures = new FailureLog(options.log);
    this.#flood = new FailureLog(options.log);
  }

  /**
   * Restores the announcements that an earlier leader planned, given the planned tokens of markets without a document. Those
   * stay as they are, even if the market was announced again with other tokens: one of the announcements is false, and Gamma or
   * a book decides which. Call this before the plan changes. @throws {BusUnavailableError}
   */
  async restore(planned: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const { bus, inquiries, log } = this.#o;
    const unknown = [...planned].slice(0, inquiries.limits.openedMax);
    let restored = 0;
    for (let from = 0; from < unknown.length; from += LOOKUPS_AT_ONCE) {
      const lookups = unknown.slice(from, from + LOOKUPS_AT_ONCE).map(async ([conditionId, [first, second]]) => {
        const message = await bus.lastMessageOn('EVENTS', eventSubject({ conditionId, type: 'new_market' }));
        const wasAnnounced = message !== null && lifecycleEvent(message) !== null;
        if (!wasAnnounced || first === undefined || second === undefined) return;
        this.#inquire(conditionId, 'opened', { tokenIds: [first, second], ageMs: ageOf(message) });
        restored += 1;
      });
      await Promise.all(lookups);
    }
    if (restored > 0)
      log.info(
        { markets: restored },
        `Waiting for Gamma to list ${restored} markets that an earlier leader planned from their announcements.`,
      );
  }

  /** Follows until `signal` aborts. @throws {TermOverError | BusUnavailableError} */
  async run(signal: AbortSignal): Promise<void> {
    await together([(stop) => this.#read(stop), (stop) => this.#ask(stop)], signal);
  }

  /** Starts some way back: the last leader may not have handled the last events. */
  async #read(signal: AbortSignal): Promise<void> {
    const { bus, log } = this.#o;
    while (!signal.aborted) {
      const { lastSequence } = await bus.streamState('EVENTS');
      const from = lastSequence > LOOK_BACK_EVENTS ? { sequence: lastSequence - LOOK_BACK_EVENTS } : null;
      try {
        for await (const { messages } of bus.readBatches('EVENTS', from, { ...READ_LIMITS, signal })) {
          for (const message of messages) this.#take(message);
        }
      } catch (error) {
        if (!(error instanceof StreamReplacedError)) throw error;
        log.warn({ err: error }, 'The stream EVENTS was replaced. Reading the new one from its start.');
      }
    }
  }

  #take(message: StreamMessage): void {
    const { registry, inquiries, counters, log } = this.#o;
    const { subject } = message;
    // The subject decides: most messages are whole documents of our own, and need not be decoded.
    if (OTHER_TYPES.has(subject.split('.').at(-1))) return;
    const event = lifecycleEvent(message);
    if (event === null) {
      log.warn({ subject }, `A message on ${subject} is not an event that this version knows. Skipping it.`);
      return;
    }
    counters.lifecycleEvents += 1;
    const state = registry.stateOf(event.conditionId);
    if (event.type === 'new_market') {
      if (state === 'unknown') this.#takeOpening(event, ageOf(message));
      return;
    }
    if (state !== 'unknown' && this.#resolved.length < RESOLVED_MAX) this.#resolved.push(event);
    const mayEnd = state === 'open' || inquiries.has(event.conditionId);
    if (mayEnd) this.#inquire(event.conditionId, 'resolved', {});
    this.#wakeUp.wake();
  }

  /** A market that was announced long ago is not planned: if it is real, the first scan of the term finds it. */
  #takeOpening(event: LifecycleEvent, ageMs: number): void {
    const { keeper, inquiries } = this.#o;
    const tokenIds = ageMs < inquiries.limits.giveUpAfterMs ? bothTokenIds(event) : null;
    if (this.#inquire(event.conditionId, 'opened', { tokenIds }) && tokenIds !== null) {
      keeper.announced(event.conditionId);
    }
    this.#wakeUp.wake();
  }

  /** @returns False when too many announcements wait. */
  #inquire(
    conditionId: string,
    announcement: Announcement,
    o: { tokenIds?: WantedMarket['tokenIds'] | null; ageMs?: number },
  ): boolean {
    const { inquiries, counters } = this.#o;
    const nowMs = performance.now();
    if (inquiries.add(conditionId, announcement, { nowMs, ...o })) return true;
    counters.announcementsIgnored += 1;
    this.#flood.failed(
      announcement,
      { conditionId, announcement },
      'Too many announced markets wait for Gamma. Ignoring further announcements; the next scan will find their markets.',
    );
    return false;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { inquiries } = this.#o;
    while (!signal.aborted) {
      await this.#publishResolved(signal);
      const due = inquiries.due(performance.now());
      if (due.length === 0) {
        const waitMs = (inquiries.dueAtMs ?? Number.POSITIVE_INFINITY) - performance.now();
        await this.#wakeUp.wait(Math.min(IDLE_MS_MAX, waitMs), signal);
        // Events often come in groups, and one query covers them.
        await rest(GATHER_MS, signal);
      } else {
        await this.#askFor(due, signal).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
      }
    }
  }

  /** Unknown and archived markets need no step. */
  async #publishResolved(signal: AbortSignal): Promise<void> {
    const { registry, marketLog } = this.#o;
    const events = this.#resolved;
    if (events.length === 0) return;
    this.#resolved = [];
    const observations = events.flatMap((event) => {
      const market = registry.get(event.conditionId);
      return market === null ? [] : (channelObservation(event, market) ?? []);
    });
    await marketLog.publishObservations(observations, signal);
  }

  async #askFor(due: ReturnType<Inquiries['due']>, signal: AbortSignal): Promise<void> {
    const { gamma, registry, marketLog, keeper, inquiries } = this.#o;
    const announced = due.filter(({ announcement }) => announcement === 'opened').map(({ conditionId }) => conditionId);
    try {
      const opened = await gamma.openMarketsOf(announced, signal);
      const open = new Set(opened.map(({ conditionId }) => conditionId));
      // A short-lived market may have closed by now.
      const others = due.map(({ conditionId }) => conditionId).filter((conditionId) => !open.has(conditionId));
      const closed = await gamma.closedMarketsOf(others, signal);
      await marketLog.publish([...opened, ...closed], signal);
      for (const conditionId of open) keeper.announced(conditionId);
      if (closed.length > 0) keeper.marketsChanged();
      this.#gammaFailures.recovered({}, 'Gamma is answering queries about announced markets again.');
    } catch (error) {
      if (!isVenueError(error) && !(error instanceof BusUnavailableError)) throw error;
      const reason = errorSentence(error);
      this.#gammaFailures.failed(
        reason,
        { markets: due.length },
        `Cannot fetch the documents of announced markets: ${reason}. Trying again.`,
      );
    }
    const nowMs = performance.now();
    const over: string[] = [];
    for (const { conditionId, announcement } of due) {
      // A scan may have found it first.
      if (isKnown(registry.stateOf(conditionId), announcement)) inquiries.close(conditionId);
      else if (inquiries.unanswered(conditionId, nowMs)) over.push(conditionId);
    }
    await this.#decideOver(over, signal);
  }

  /** Decides about markets whose time is over without a document: those with a book stay in the plan. */
  async #decideOver(conditionIds: readonly string[], signal: AbortSignal): Promise<void> {
    const { clob, inquiries } = this.#o;
    const planned = conditionIds.filter((conditionId) => inquiries.tokenIdsOf(conditionId) !== null);
    for (const conditionId of conditionIds) if (!planned.includes(conditionId)) this.#giveUp(conditionId);
    if (planned.length === 0) return;
    const tokenIds = planned.flatMap((conditionId) => inquiries.tokenIdsOf(conditionId) ?? []);
    const { withBook, without, failure } = await findBooks(clob, tokenIds, signal);
    if (failure !== null) {
      const reason = errorSentence(failure);
      this.#clobFailures.failed(
        reason,
        { markets: planned.length },
        `Cannot ask the CLOB whether announced markets have a book: ${reason}. They stay in the plan.`,
      );
    } else this.#clobFailures.recovered({}, 'The CLOB is answering queries about announced markets again.');
    for (const conditionId of planned) {
      const ids = inquiries.tokenIdsOf(conditionId) ?? [];
      const isAnswered = ids.every((tokenId) => withBook.has(tokenId) || without.has(tokenId));
      // Another market's book proves nothing: a false announcement may name tokens that exist.
      const hasBook = ids.some((tokenId) => withBook.get(tokenId) === conditionId);
      if (hasBook) inquiries.confirmedByBook(conditionId, performance.now());
      else if (isAnswered) this.#giveUp(conditionId);
    }
  }

  #giveUp(conditionId: string): void {
    const { inquiries, keeper, counters, log } = this.#o;
    const wasPlanned = inquiries.tokenIdsOf(conditionId) !== null;
    inquiries.close(conditionId);
    counters.inquiriesGivenUp += 1;
    if (!wasPlanned) return;
    keeper.expired(conditionId);
    log.info(
      { conditionId },
      `Removed market ${conditionId} from the plan: it was announced, but Gamma does not list it and the CLOB has no book.`,
    );
  }
}

function isKnown(state: 'open' | 'ended' | 'unknown', announcement: Announcement): boolean {
  return announcement === 'opened' ? state !== 'unknown' : state === 'ended';
}

/** Both tokens of a new market; null unless the event names exactly two tokens, and two outcomes if any. */
function bothTokenIds({ tokenIds, outcomes }: LifecycleEvent): WantedMarket['tokenIds'] | null {
  const [first, second] = tokenIds;
  if (first === undefined || second === undefined || first === second || tokenIds.length > 2) return null;
  return outcomes.length === 0 || outcomes.length === 2 ? [first, second] : null;
}

function ageOf({ storedAtMs }: StreamMessage): number {
  return Math.max(0, Date.now() - storedAtMs);
}

/** The event in a message; null when it is unknown or the writer rejects it: we act only on what the database will hold. */
function lifecycleEvent({ subject, body }: StreamMessage): LifecycleEvent | null {
  try {
    const fact = decodeFact(subject, body);
    if (fact.type !== 'new_market' && fact.type !== 'market_resolved') return null;
    return isPlausibleTime(fact.exchangeAtMs) && isPlausibleTime(Math.floor(fact.receivedAtUs / 1_000)) ? fact : null;
  } catch (error) {
    if (error instanceof MalformedMessageError) return null;
    throw error;
  }
}

/** Other facts, most of them our own history. */
const OTHER_TYPES: ReadonlySet<unknown> = new Set<Exclude<MarketFact['type'], LifecycleEvent['type']>>([
  'market_changed',
  'tick_size_change',
  'resolution_proposed',
  'resolution_disputed',
  'resolution_resolved',
  'resolution_reopened',
]);

/** Most of these events may be changes of documents. */
const LOOK_BACK_EVENTS = 5_000;
/** The jobs publish the steps of further resolutions. */
const RESOLVED_MAX = 10_000;
const LOOKUPS_AT_ONCE = 100;
const READ_LIMITS = { rowsMax: 500, ageMsMax: 50 };
const GATHER_MS = 100;
const IDLE_MS_MAX = 60_000;
