import type { Bus, StreamMessage } from '@polytape/bus';
import { FailureLog } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import {
  decodeFact,
  decodeMarket,
  eventSubject,
  MalformedMessageError,
  type Market,
  type MarketResolution,
  marketSubject,
  type ResolutionStep,
} from '@polytape/types';
import { resolutionAfter } from '../resolutions/next-resolution.ts';
import type { SchedulerCounters } from '../scheduler-counters.ts';

export type MarketStreamReaderOptions = {
  bus: Pick<Bus, 'streamState' | 'readBatches' | 'lastMessageOn'>;
  counters: Pick<SchedulerCounters, 'messagesMalformed'>;
  log: Logger;
};

/**
 * Reads markets from the streams MARKETS and EVENTS. A malformed message is counted, logged and skipped, as the writer
 * does: a single one must not stop the leader.
 */
export class MarketStreamReader {
  readonly #o: MarketStreamReaderOptions;
  readonly #malformed: FailureLog;

  constructor(options: MarketStreamReaderOptions) {
    this.#o = options;
    this.#malformed = new FailureLog(options.log);
  }

  /** All documents of MARKETS up to its end. */
  async *documents(signal: AbortSignal): AsyncGenerator<Market> {
    const { bus } = this.#o;
    if ((await bus.streamState('MARKETS')).messages === 0) return;
    for await (const { messages, pending } of bus.readBatches('MARKETS', null, { ...READ_LIMITS, signal })) {
      for (const message of messages) yield* this.#document(message);
      if (pending === 0) return;
    }
  }

  /** The last document of each market by its history in EVENTS, for a MARKETS that has lost them. */
  async *historicDocuments(signal: AbortSignal): AsyncGenerator<Market> {
    const { bus } = this.#o;
    if ((await bus.lastMessageOn('EVENTS', ALL_CHANGES)) === null) return;
    const limits = { ...READ_LIMITS, lastOfEach: ALL_CHANGES, signal };
    for await (const { messages, pending } of bus.readBatches('EVENTS', null, limits)) {
      for (const message of messages) yield* this.#historicDocument(message);
      if (pending === 0) return;
    }
  }

  /** The document of one market; null when the log has none. */
  async document(conditionId: string): Promise<Market | null> {
    const stored = await this.#o.bus.lastMessageOn('MARKETS', marketSubject(conditionId));
    const [market = null] = stored === null ? [] : this.#document(stored);
    return market ?? (await this.historicDocument(conditionId));
  }

  /** The last document of one market by its history in EVENTS; null when there is none. */
  async historicDocument(conditionId: string): Promise<Market | null> {
    const subject = eventSubject({ conditionId, type: 'market_changed' });
    const stored = await this.#o.bus.lastMessageOn('EVENTS', subject);
    const [market = null] = stored === null ? [] : this.#historicDocument(stored);
    return market;
  }

  /** The market's resolution after the steps in EVENTS that its document lacks. */
  async stepsBeyond(conditionId: string, known: MarketResolution | null): Promise<MarketResolution | null> {
    const subjects = STEP_TYPES.map((type) => eventSubject({ conditionId, type }));
    const stored = await Promise.all(subjects.map((subject) => this.#o.bus.lastMessageOn('EVENTS', subject)));
    return stored
      .flatMap((message) => (message === null ? [] : this.#step(message)))
      .filter(({ step }) => step > (known?.step ?? 0))
      .sort((a, b) => a.step - b.step)
      .reduce(resolutionAfter, known);
  }

  #document(message: StreamMessage): Market[] {
    return this.#decoded('MARKETS', message, () => decodeMarket(message.subject, message.body));
  }

  #historicDocument(message: StreamMessage): Market[] {
    const facts = this.#decoded('EVENTS', message, () => decodeFact(message.subject, message.body));
    return facts.flatMap((fact) => (fact.type === 'market_changed' ? fact.market : []));
  }

  #step(message: StreamMessage): ResolutionStep[] {
    const facts = this.#decoded('EVENTS', message, () => decodeFact(message.subject, message.body));
    return facts.flatMap((fact) => ('step' in fact ? fact : []));
  }

  #decoded<Value>(stream: string, { subject, sequence }: StreamMessage, decode: () => Value): Value[] {
    try {
      return [decode()];
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#o.counters.messagesMalformed += 1;
      const reason = errorSentence(error);
      this.#malformed.failed(
        stream,
        { stream, subject, sequence, reason },
        `Skipped message ${sequence} of ${stream} on ${subject}: ${reason}.`,
        'error',
      );
      return [];
    }
  }
}

const READ_LIMITS = { rowsMax: 1_000, ageMsMax: 50 };
const ALL_CHANGES = 'pm.event.*.market_changed';

const STEP_TYPES = [
  'resolution_proposed',
  'resolution_disputed',
  'resolution_resolved',
  'resolution_reopened',
] as const satisfies ResolutionStep['type'][];
