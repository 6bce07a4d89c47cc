import type { Publisher } from '@polytape/bus';
import { type GammaClient, type GammaMarket, isVenueError } from '@polytape/polymarket';
import { FailureLog, unlessAborted } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import {
  eventSubject,
  type Market,
  type MarketChange,
  type MarketResolution,
  marketChangeMessageId,
  marketSubject,
  type ResolutionStep,
  resolutionMessageId,
} from '@polytape/types';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import { nextResolution, type ResolutionObservation, resolutionAfter } from '../resolutions/next-resolution.ts';
import { gammaObservation } from '../resolutions/resolution-observation.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';
import { isSettled } from './is-settled.ts';
import type { MarketDescription, MarketRegistry, NewVersion } from './market-registry.ts';
import { MarketStreamReader, type MarketStreamReaderOptions } from './market-stream-reader.ts';

export type MarketLogOptions = {
  gamma: Pick<GammaClient, 'openMarketsOf'>;
  bus: MarketStreamReaderOptions['bus'];
  registry: MarketRegistry;
  publishers: { facts: Publisher; documents: Publisher };
  term: LeaderTerm;
  counters: SchedulerCounters;
  log: Logger;
};

/**
 * Publishes markets: the last document of each to MARKETS, and its history to EVENTS.
 *
 * EVENTS comes first: a document is sent once the broker has stored the steps and the change that lead to it. So a leader
 * that dies in between leaves history without a document, never a document without its history. The next leader continues
 * from that history: before the first step of a market in its term it reads the last steps from the log. (It publishes the
 * change again, with the same version and another time.)
 *
 * Facts are published again whenever the broker may have lost them, also in later terms, because nothing can make them wrong.
 * Documents belong to their term: an old one must never replace a newer one.
 */
export class MarketLog {
  readonly #o: MarketLogOptions;
  /** Markets whose last steps were read from EVENTS. Cleared when it grows too large: they are then read again. */
  readonly #recalled = new Set<string>();
  readonly #reader: MarketStreamReader;
  readonly #failures: FailureLog;
  #documentsRejected = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: MarketLogOptions) {
    this.#o = options;
    this.#reader = new MarketStreamReader(options);
    this.#failures = new FailureLog(options.log);
    options.publishers.documents.onRejected(({ body }) => this.#rejected(JSON.parse(body) as Market));
  }

  #rejected(document: Market): void {
    this.#documentsRejected += 1;
    this.#o.registry.notPublished(document);
  }

  /**
   * Reads what earlier leaders have published, so that versions continue and nothing is published twice. If MARKETS is
   * empty, takes the documents from EVENTS and publishes them again.
   *
   * @throws {TermOverError | BusUnavailableError}
   */
  async remember(): Promise<void> {
    const { registry, term, log } = this.#o;
    const nowMs = Date.now();
    for await (const market of this.#reader.documents(term.signal)) this.#remember(market, nowMs);
    term.throwIfOver();
    if (registry.size > 0) log.info({ markets: registry.size }, `Read ${registry.size} markets from the log.`);
    else await this.#rebuild(nowMs);
  }

  /** Publishes all documents again unchanged, because MARKETS lost them. @throws as `publish`. */
  async publishAgain(signal: AbortSignal): Promise<void> {
    const { registry, log } = this.#o;
    // Unsettled markets first: without their documents nobody would follow them to their resolution.
    const ids = [...registry.ended(), ...registry.open()].map(({ conditionId }) => conditionId);
    ids.push(...registry.archivedIds());
    const again = `again-${Date.now()}`;
    let lost = 0;
    for (let at = 0; at < ids.length; at += AGAIN_AT_ONCE) {
      await this.#inTurn(async () => {
        lost += await this.#publishDocuments(ids.slice(at, at + AGAIN_AT_ONCE), { again, signal });
      }, signal);
    }
    const markets = ids.length - lost;
    log.info({ markets }, `Published the documents of ${markets} markets again.`);
    if (lost > 0)
      log.error({ lost }, `Lost the documents of ${lost} settled markets: neither MARKETS nor EVENTS has them.`);
  }

  /**
   * Publishes what is new in these markets, Gamma's view of their resolution included, and waits until the log has it. That
   * a closed market trades again is accepted once a second query to Gamma, by its id, confirms it.
   *
   * @throws {TermOverError | BusUnavailableError}
   * @throws The signal's reason, when it aborts first. What was not published by then is published with the market's next
   *   description.
   */
  async publish(markets: readonly GammaMarket[], signal: AbortSignal): Promise<void> {
    const confirmed = await this.#withConfirmedReopenings(markets, signal);
    const news = confirmed.map(({ settlement, ...description }) => ({ description, settlement }));
    await this.#inTurn(() => this.#advance(news, signal), signal);
  }

  /** Publishes the steps that follow from other sources. Ignores unknown markets. @throws as `publish`. */
  async publishObservations(observations: readonly ResolutionObservation[], signal: AbortSignal): Promise<void> {
    const news = observations.map((observation) => ({ observation }));
    await this.#inTurn(() => this.#advance(news, signal), signal);
  }

  /** Queries Gamma again for markets that were closed and now look open. If that fails, the next round repeats it. */
  async #withConfirmedReopenings(
    markets: readonly GammaMarket[],
    signal: AbortSignal,
  ): Promise<readonly GammaMarket[]> {
    const { gamma, registry, term, log } = this.#o;
    const reopened = new Set<string>();
    for (const { conditionId, closed } of markets) {
      if (!closed && registry.stateOf(conditionId) === 'ended') reopened.add(conditionId);
    }
    if (reopened.size === 0) return markets;
    const others = markets.filter(({ conditionId }) => !reopened.has(conditionId));
    const doubted = markets.filter((market) => reopened.has(market.conditionId) && !this.#isOvertaken(market));
    try {
      const ids = new Set(doubted.map(({ conditionId }) => conditionId));
      const confirmed = await gamma.openMarketsOf([...ids], signal);
      return [...others, ...confirmed.filter(({ conditionId }) => ids.has(conditionId))];
    } catch (error) {
      term.throwIfOver();
      if (!isVenueError(error)) throw error;
      log.debug({ markets: doubted.length, err: error }, 'Cannot ask Gamma whether closed markets trade again.');
      return others;
    }
  }

  #isOvertaken(answer: Pick<GammaMarket, 'conditionId' | 'closed' | 'settlement'>): boolean {
    const { conditionId, closed, settlement } = answer;
    return isOvertaken({ closed, askedAtMs: settlement.askedAtMs }, this.#o.registry.get(conditionId));
  }

  /** One call at a time: what one decides must be written before the next one decides. */
  async #inTurn(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    // A call that gives up waiting must not let later ones overtake earlier ones.
    this.#turn = before.then(() => done.promise);
    try {
      await unlessAborted(before, signal);
      await work();
    } finally {
      done.resolve();
    }
  }

  async #advance(news: readonly News[], signal: AbortSignal): Promise<void> {
    const { registry, publishers, counters, term } = this.#o;
    const restored = await this.#restore(news);
    const found = await this.#recall(news);
    const documents: Market[] = [];
    for (const each of news) {
      term.throwIfOver();
      try {
        documents.push(...this.#sendHistory(each, found));
      } catch (error) {
        if ((error as { disposition?: unknown }).disposition !== undefined) throw error;
        this.#logFailure(conditionIdOf(each), error);
      }
    }
    await unlessAborted(publishers.facts.acknowledged(), signal).catch((error: unknown) => {
      // Documents are not sent before their history is stored, and nobody waits for that any more.
      for (const market of documents) registry.notPublished(market);
      throw error;
    });
    const rejectedBefore = this.#documentsRejected;
    for (const market of documents) {
      term.throwIfOver();
      this.#sendDocument(market, `${market.conditionId}:${market.version}`);
    }
    await unlessAborted(publishers.documents.acknowledged(), signal);
    counters.marketsPublished += documents.length - (this.#documentsRejected - rejectedBefore);
    this.#archiveAgain(restored, new Set(documents.map(({ conditionId }) => conditionId)));
  }

  /** Sends what is new about the market to EVENTS. @returns Its new document, if there is one. */
  #sendHistory(news: News, found: Map<string, MarketResolution>): Market[] {
    const { step, version } = this.#decide(news, found);
    if (step !== null) {
      this.#o.counters.resolutionSteps += 1;
      this.#sendFact(step, resolutionMessageId(step));
    }
    if (version === null) return [];
    const { conditionId } = version.market;
    const change: MarketChange = { type: 'market_changed', conditionId, ...version };
    this.#sendFact(change, marketChangeMessageId(change));
    return [version.market];
  }

  /** A bug in one market must not stop the others of its page. */
  #logFailure(conditionId: string, error: unknown): void {
    this.#o.counters.marketsFailed += 1;
    const cause = errorSentence(error);
    this.#failures.failed(
      cause,
      { err: error, conditionId },
      `Cannot publish market ${conditionId}: ${cause}. Other markets are not affected.`,
      'error',
    );
  }

  /** Synchronous, so that nothing changes between reading the registry and updating it. */
  #decide(
    news: News,
    found: Map<string, MarketResolution>,
  ): { step: ResolutionStep | null; version: NewVersion | null } {
    const { registry } = this.#o;
    const nowMs = Date.now();
    const conditionId = conditionIdOf(news);
    const description = 'description' in news ? news.description : registry.describe(conditionId);
    if (description === null) return { step: null, version: null };
    if ('settlement' in news && this.#isOvertaken({ ...description, settlement: news.settlement })) {
      return { step: null, version: null };
    }
    const known = found.get(conditionId) ?? registry.get(conditionId)?.resolution ?? null;
    found.delete(conditionId);
    const observation = this.#observation(news, nowMs);
    const step = observation === null ? null : nextResolution(known, observation);
    const resolution = step === null ? known : resolutionAfter(known, step);
    return { step, version: registry.observe(description, { nowMs, resolution }) };
  }

  #observation(news: News, nowMs: number): ResolutionObservation | null {
    if ('observation' in news) return news.observation;
    const { description, settlement } = news;
    return gammaObservation({ ...description, settlement }, this.#o.registry.get(description.conditionId), nowMs);
  }

  /** Reads the documents of archived markets from the log, because there may be news. @returns Their ids. */
  async #restore(news: readonly News[]): Promise<string[]> {
    const { registry } = this.#o;
    const wanted = new Set(news.map(conditionIdOf).filter((conditionId) => registry.isArchived(conditionId)));
    await Promise.all(
      [...wanted].map(async (conditionId) => {
        const document = await this.#reader.document(conditionId);
        if (document === null) registry.forget(conditionId);
        else registry.remember(document);
      }),
    );
    return [...wanted];
  }

  /** A restored market without a new version is as settled as before. */
  #archiveAgain(restored: readonly string[], changed: ReadonlySet<string>): void {
    const nowMs = Date.now();
    for (const conditionId of restored) {
      if (changed.has(conditionId)) this.#archiveIfSettled(conditionId, nowMs);
      else this.#o.registry.archive(conditionId);
    }
  }

  /**
   * Reads the last steps of the markets that are about to take their first step in this term. @returns The resolutions of
   * those whose documents lack steps.
   */
  async #recall(news: readonly News[]): Promise<Map<string, MarketResolution>> {
    const { registry } = this.#o;
    const nowMs = Date.now();
    const wanted = new Set<string>();
    if (this.#recalled.size >= RECALLED_MAX) this.#recalled.clear();
    for (const each of news) {
      const conditionId = conditionIdOf(each);
      if (this.#recalled.has(conditionId)) continue;
      if (this.#isStep(each, nowMs)) wanted.add(conditionId);
    }
    const found = new Map<string, MarketResolution>();
    await Promise.all(
      [...wanted].map(async (conditionId) => {
        const known = registry.get(conditionId)?.resolution ?? null;
        const resolution = await this.#reader.stepsBeyond(conditionId, known);
        if (resolution !== null && resolution !== known) found.set(conditionId, resolution);
        this.#recalled.add(conditionId);
      }),
    );
    return found;
  }

  #isStep(news: News, nowMs: number): boolean {
    try {
      const observation = this.#observation(news, nowMs);
      const known = this.#o.registry.get(conditionIdOf(news))?.resolution ?? null;
      return observation !== null && nextResolution(known, observation) !== null;
    } catch {
      return false; // `#decide` throws the same error, which is logged there
    }
  }

  /** MARKETS is empty only by mistake; EVENTS has what it held. */
  async #rebuild(nowMs: number): Promise<void> {
    const { registry, term, log } = this.#o;
    for await (const market of this.#reader.historicDocuments(term.signal)) this.#remember(market, nowMs);
    term.throwIfOver();
    if (registry.size === 0) return;
    log.error(
      { markets: registry.size },
      `The stream MARKETS is empty, but EVENTS has ${registry.size} markets. Publishing their documents again.`,
    );
    await this.publishAgain(term.signal);
  }

  /** @returns How many of them the log no longer has. */
  async #publishDocuments(
    conditionIds: readonly string[],
    { again, signal }: { again: string; signal: AbortSignal },
  ): Promise<number> {
    const { registry, publishers, term } = this.#o;
    const documents = await Promise.all(
      conditionIds.map((id) => registry.get(id) ?? this.#reader.historicDocument(id)),
    );
    term.throwIfOver();
    for (const market of documents) {
      if (market === null) continue;
      // With a new message id: the broker may still know the one of the first time.
      this.#sendDocument(market, `${market.conditionId}:${market.version}:${again}`);
    }
    await unlessAborted(publishers.documents.acknowledged(), signal);
    return documents.filter((market) => market === null).length;
  }

  #remember(document: Market, nowMs: number): void {
    this.#o.registry.remember(document);
    this.#archiveIfSettled(document.conditionId, nowMs);
  }

  #archiveIfSettled(conditionId: string, nowMs: number): void {
    const { registry } = this.#o;
    const market = registry.get(conditionId);
    if (market !== null && isSettled(market, nowMs)) registry.archive(conditionId);
  }

  #sendFact(fact: ResolutionStep | MarketChange, messageId: string): void {
    this.#o.publishers.facts.publish({ subject: eventSubject(fact), messageId, body: JSON.stringify(fact) });
  }

  #sendDocument(market: Market, messageId: string): void {
    const subject = marketSubject(market.conditionId);
    this.#o.publishers.documents.publish({ subject, messageId, body: JSON.stringify(market) });
  }
}

type News =
  | { description: MarketDescription; settlement: GammaMarket['settlement'] }
  | { observation: ResolutionObservation };

function conditionIdOf(news: News): string {
  return 'observation' in news ? news.observation.conditionId : news.description.conditionId;
}

/**
 * Whether an answer of Gamma is outdated: it contradicts a closing or a reopening that we learned of after the request.
 * Slow answers and cached pages arrive after younger ones. Gamma's next answer settles the matter.
 */
export function isOvertaken(
  answer: { closed: boolean; askedAtMs: number },
  known: Pick<Market, 'closed' | 'seenAtMs' | 'resolution'> | null,
): boolean {
  if (known === null || answer.closed === known.closed) return false;
  const sinceMs = known.closed ? known.seenAtMs : (known.resolution?.reopenedAtMs ?? 0);
  return answer.askedAtMs < sinceMs;
}

/** Condition ids of 66 characters. */
const RECALLED_MAX = 50_000;
/** Documents published again in one turn, so that new ones need not wait for all. */
const AGAIN_AT_ONCE = 200;
