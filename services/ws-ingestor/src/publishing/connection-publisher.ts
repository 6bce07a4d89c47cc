import type { OutgoingMessage, Publisher } from '@polytape/bus';
import type {
  LastTradePriceEvent,
  MarketResolvedEvent,
  NewMarketEvent,
  TickSizeChangeEvent,
} from '@polytape/polymarket';
import {
  DUPLICATE_WINDOW_MS,
  eventSubject,
  lifecycleMessageId,
  OrdinalCounter,
  PROVENANCE_HEADERS,
  tickSizeMessageId,
  tradeMessageId,
  tradeSubject,
} from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { lifecycleFromEvent } from './lifecycle-from-event.ts';
import { tickSizeFromEvent } from './tick-size-from-event.ts';
import { tradeFromEvent } from './trade-from-event.ts';
import type { UnparsedPublisher } from './unparsed-publisher.ts';

/**
 * Turns what one connection heard into messages, in the order of arrival, and hands them to the publisher: with the
 * connection's name, and with the numbers of its own that look-alike fills and unparsed frames have.
 */
export class ConnectionPublisher {
  readonly #connectionId: string;
  readonly #publisher: Publisher;
  readonly #counters: IngestorCounters;
  readonly #unparsedPublisher: UnparsedPublisher;
  readonly #readingClock: { readonly nowMs: number };
  readonly #headers: Record<string, string>;
  readonly #ordinals = new OrdinalCounter({ windowMs: DUPLICATE_WINDOW_MS, contentsMax: CONTENTS_MAX });
  #unparsed = 0;

  constructor(o: {
    connectionId: string;
    shard: number;
    ingestorId: string;
    publisher: Publisher;
    unparsedPublisher: UnparsedPublisher;
    counters: IngestorCounters;
    readingClock: { readonly nowMs: number };
  }) {
    this.#connectionId = o.connectionId;
    this.#publisher = o.publisher;
    this.#counters = o.counters;
    this.#readingClock = o.readingClock;
    this.#unparsedPublisher = o.unparsedPublisher;
    this.#headers = {
      [PROVENANCE_HEADERS.connection]: o.connectionId,
      [PROVENANCE_HEADERS.shard]: String(o.shard),
      [PROVENANCE_HEADERS.ingestor]: o.ingestorId,
    };
  }

  trade(event: LastTradePriceEvent, receivedAtUs: number): void {
    const trade = tradeFromEvent(event, this.#ordinals, { receivedAtUs, nowMs: this.#readingClock.nowMs });
    this.#counters.trades += 1;
    this.#counters.lastTradeAtMs = Math.floor(receivedAtUs / 1_000);
    this.#publish({ subject: tradeSubject(trade), messageId: tradeMessageId(trade), body: JSON.stringify(trade) });
  }

  lifecycle(event: NewMarketEvent | MarketResolvedEvent, receivedAtUs: number): void {
    const fact = lifecycleFromEvent(event, receivedAtUs);
    this.#counters.lifecycleEvents += 1;
    this.#publish({ subject: eventSubject(fact), messageId: lifecycleMessageId(fact), body: JSON.stringify(fact) });
  }

  tickSize(event: TickSizeChangeEvent, receivedAtUs: number): void {
    const fact = tickSizeFromEvent(event, receivedAtUs);
    this.#counters.tickSizeChanges += 1;
    this.#publish({ subject: eventSubject(fact), messageId: tickSizeMessageId(fact), body: JSON.stringify(fact) });
  }

  unparsed(raw: string | Uint8Array, reason: string, receivedAtUs: number): void {
    const counter = this.#unparsed;
    this.#unparsed += 1;
    const connectionId = this.#connectionId;
    this.#unparsedPublisher.take(raw, { connectionId, counter, receivedAtUs, reason, headers: this.#headers });
  }

  #publish(message: Omit<OutgoingMessage, 'headers'>): void {
    this.#publisher.publish({ ...message, headers: this.#headers });
  }
}

/** Contents remembered for ordinals: two minutes of 5,000 trades a second on one connection. */
const CONTENTS_MAX = 600_000;
