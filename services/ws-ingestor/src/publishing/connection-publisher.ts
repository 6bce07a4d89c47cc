import type { OutgoingMessage, Publisher } from '@polytape/bus';
import type {
  LastTradePriceEvent,
  MarketResolvedEvent,
  NewMarketEvent,
  TickSizeChangeEvent,
} from '@polytape/polymarket';
import {
  DUPLICATE_WINDOW_MS,
  encodeTrade,
  eventSubject,
  lifecycleMessageId,
  OrdinalCounter,
  PROVENANCE_HEADERS,
  tickSizeMessageId,
  tradeMessageId,
  tradeSubject,
} from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { lifecycleFromEvent, tickSizeFromEvent } from './fact-from-event.ts';
import { tradeFromEvent } from './trade-from-event.ts';
import type { UnparsedPublisher } from './unparsed-publisher.ts';

/**
 * Turns what one connection receives into messages, in the order of arrival, and hands them to the publisher. Numbers the
 * connection's fills that look the same, and its unparsed bodies.
 */
export class ConnectionPublisher {
  readonly #connectionId: string;
  readonly #shared: ConnectionPublisherParts;
  readonly #headers: Record<string, string>;
  readonly #ordinals = new OrdinalCounter({ windowMs: DUPLICATE_WINDOW_MS, contentsMax: CONTENTS_MAX });
  #unparsed = 0;

  constructor(o: { connectionId: string; shard: number; shared: ConnectionPublisherParts }) {
    this.#connectionId = o.connectionId;
    this.#shared = o.shared;
    this.#headers = {
      [PROVENANCE_HEADERS.connection]: o.connectionId,
      [PROVENANCE_HEADERS.shard]: String(o.shard),
      [PROVENANCE_HEADERS.ingestor]: o.shared.ingestorId,
    };
  }

  trade(event: LastTradePriceEvent, receivedAtUs: number): void {
    const trade = tradeFromEvent(event, this.#ordinals, { receivedAtUs, nowMs: this.#shared.readingClock.nowMs });
    this.#shared.counters.trades += 1;
    this.#shared.counters.lastTradeAtMs = Math.floor(receivedAtUs / 1_000);
    this.#publish({ subject: tradeSubject(trade), messageId: tradeMessageId(trade), body: encodeTrade(trade) });
  }

  lifecycle(event: NewMarketEvent | MarketResolvedEvent, receivedAtUs: number): void {
    const fact = lifecycleFromEvent(event, receivedAtUs);
    this.#shared.counters.lifecycleEvents += 1;
    this.#publish({ subject: eventSubject(fact), messageId: lifecycleMessageId(fact), body: JSON.stringify(fact) });
  }

  tickSize(event: TickSizeChangeEvent, receivedAtUs: number): void {
    const fact = tickSizeFromEvent(event, receivedAtUs);
    this.#shared.counters.tickSizeChanges += 1;
    this.#publish({ subject: eventSubject(fact), messageId: tickSizeMessageId(fact), body: JSON.stringify(fact) });
  }

  unparsed(raw: string | Uint8Array, reason: string, receivedAtUs: number): void {
    const counter = this.#unparsed;
    this.#unparsed += 1;
    const connectionId = this.#connectionId;
    this.#shared.unparsedPublisher.take(raw, { connectionId, counter, receivedAtUs, reason, headers: this.#headers });
  }

  #publish(message: Omit<OutgoingMessage, 'headers'>): void {
    this.#shared.publisher.publish({ ...message, headers: this.#headers });
  }
}

/** The shared parts that publishing needs. */
type ConnectionPublisherParts = {
  ingestorId: string;
  publisher: Pick<Publisher, 'publish'>;
  unparsedPublisher: Pick<UnparsedPublisher, 'take'>;
  counters: IngestorCounters;
  readingClock: { readonly nowMs: number };
};

/** Contents that are remembered for ordinals: two minutes at 5,000 trades a second on one connection. */
const CONTENTS_MAX = 600_000;
