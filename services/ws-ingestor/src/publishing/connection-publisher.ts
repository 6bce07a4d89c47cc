import type { OutgoingMessage, Publisher } from '@polytape/bus';
import type {
  LastTradePriceEvent,
  MarketResolvedEvent,
  NewMarketEvent,
  TickSizeChangeEvent,
} from '@polytape/polymarket';
import type { Logger } from '@polytape/service';
import {
  DUPLICATE_WINDOW_MS,
  eventSubject,
  lifecycleMessageId,
  OrdinalCounter,
  type OutageNotice,
  PROVENANCE_HEADERS,
  tickSizeMessageId,
  tradeMessageId,
  tradeSubject,
  unparsedSubject,
} from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { lifecycleFromEvent } from './lifecycle-from-event.ts';
import { tickSizeFromEvent } from './tick-size-from-event.ts';
import { tradeFromEvent } from './trade-from-event.ts';
import { unparsedKind } from './unparsed-kind.ts';
import { unparsedRecord } from './unparsed-record.ts';

/**
 * Turns what one connection heard into messages, in the order of arrival, and hands them to the publisher: with the
 * connection's name, and with the numbers of its own that look-alike fills and unparsed frames have.
 */
export class ConnectionPublisher {
  readonly #connectionId: string;
  readonly #publisher: Publisher;
  readonly #counters: IngestorCounters;
  readonly #onPublished: () => void;
  /** A venue that sends nothing but rubbish must not fill the log with it: each kind of it once a minute. */
  readonly #unparsedNotice: OutageNotice;
  readonly #log: Logger;
  readonly #headers: Record<string, string>;
  readonly #ordinals = new OrdinalCounter({ windowMs: DUPLICATE_WINDOW_MS, contentsMax: CONTENTS_MAX });
  #unparsed = 0;

  constructor(o: {
    connectionId: string;
    shard: number;
    ingestorId: string;
    publisher: Publisher;
    counters: IngestorCounters;
    /** Told after each message that was handed to the publisher. */
    onPublished: () => void;
    /** Of the shard, so that a new connection does not repeat what the old one has said. */
    unparsedNotice: OutageNotice;
    log: Logger;
  }) {
    this.#connectionId = o.connectionId;
    this.#publisher = o.publisher;
    this.#counters = o.counters;
    this.#onPublished = o.onPublished;
    this.#unparsedNotice = o.unparsedNotice;
    this.#log = o.log;
    this.#headers = {
      [PROVENANCE_HEADERS.connection]: o.connectionId,
      [PROVENANCE_HEADERS.shard]: String(o.shard),
      [PROVENANCE_HEADERS.ingestor]: o.ingestorId,
    };
  }

  /** @returns What identifies the trade, on whatever connection it came: its message id. */
  trade(event: LastTradePriceEvent, receivedAtUs: number): string {
    const trade = tradeFromEvent(event, this.#ordinals, { receivedAtUs, nowMs: performance.now() });
    const messageId = tradeMessageId(trade);
    this.#counters.trades += 1;
    this.#counters.lastTradeAtMs = Math.floor(receivedAtUs / 1_000);
    this.#publish({ subject: tradeSubject(trade), messageId, body: JSON.stringify(trade) });
    return messageId;
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
    const connectionId = this.#connectionId;
    const record = unparsedRecord(raw, { connectionId, counter: this.#unparsed, receivedAtUs, reason });
    this.#unparsed += 1;
    this.#counters.unparsed += 1;
    const { say, unsaid } = this.#unparsedNotice.failed(unparsedKind(reason), performance.now());
    const level = say ? 'warn' : 'debug';
    this.#log[level]({ connectionId, reason, lengthBytes: record.lengthBytes, unsaid }, `Kept as unparsed: ${reason}.`);
    this.#publish({
      subject: unparsedSubject(connectionId),
      messageId: `${connectionId}:unparsed:${record.counter}`,
      body: JSON.stringify(record),
    });
  }

  #publish(message: Omit<OutgoingMessage, 'headers'>): void {
    this.#publisher.publish({ ...message, headers: this.#headers });
    this.#onPublished();
  }
}

/** Contents remembered for ordinals: two minutes of 5,000 trades a second on one connection. */
const CONTENTS_MAX = 600_000;
