import type { Bus, OutgoingMessage, Publisher } from '@polytape/bus';
import { atMost, FailureLog } from '@polytape/resilience';
import type { Logger } from '@polytape/service';
import { type Unparsed, unparsedSubject } from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import { unparsedKind, unparsedRecord } from './unparsed-record.ts';

/** Where a body came from, and why it could not be parsed. */
export type UnparsedOrigin = {
  connectionId: string;
  /** Number of this body on its connection. */
  counter: number;
  receivedAtUs: number;
  reason: string;
  headers: Record<string, string>;
};

/**
 * Publishes what could not be parsed, for all connections of an ingestor, with a publisher of its own: whatever the venue
 * sends, it pauses no connection and takes no place in the queue of the trades.
 *
 * In each second it keeps the first `SAMPLES_MAX` bodies of a kind and counts the others; it publishes the counts at the end
 * of the second. The queue for the broker is bounded: when it is full, the oldest records are dropped, and counted as
 * well.
 */
export class UnparsedPublisher implements AsyncDisposable {
  readonly #ingestorId: string;
  readonly #publisher: Publisher;
  readonly #counters: IngestorCounters;
  readonly #log: Logger;
  /** Each kind is logged once a minute, so that garbage cannot fill the log. */
  readonly #unparsed: FailureLog;
  readonly #queueMax: number;
  readonly #queue: Queued[] = [];
  #queuedBytes = 0;
  /** The kinds seen in the present second. */
  readonly #kinds = new Map<string, { kept: number; omitted: number }>();
  #keptBytes = 0;
  #secondEnds: NodeJS.Timeout | null = null;
  #counts = 0;

  constructor(o: {
    ingestorId: string;
    bus: Pick<Bus, 'publisher'>;
    counters: IngestorCounters;
    log: Logger;
    /** Records that may wait for the broker. */
    queueMax?: number;
  }) {
    this.#queueMax = o.queueMax ?? QUEUE_MAX;
    this.#ingestorId = o.ingestorId;
    this.#counters = o.counters;
    this.#log = o.log;
    this.#unparsed = new FailureLog(o.log);
    this.#publisher = o.bus.publisher(WINDOW);
    this.#publisher.onRoom(() => this.#pump());
  }

  take(raw: string | Uint8Array, origin: UnparsedOrigin): void {
    this.#counters.unparsed += 1;
    const { headers, ...seen } = origin;
    const { connectionId, counter, reason } = seen;
    const { name, counts } = this.#kindOf(reason);
    this.#unparsed.failed(
      name,
      { connectionId, reason, lengthBytes: Buffer.byteLength(raw) },
      `Could not parse a frame or an event of the venue: ${reason}. Stream UNPARSED keeps samples.`,
    );
    if (counts.kept >= SAMPLES_MAX || this.#keptBytes >= SAMPLE_BYTES_MAX) {
      counts.omitted += 1;
      this.#counters.unparsedOmitted += 1;
      return;
    }
    counts.kept += 1;
    const record = unparsedRecord(raw, seen);
    const messageId = `${connectionId}:unparsed:${counter}`;
    const body = JSON.stringify(record);
    this.#keptBytes += body.length;
    this.#add({
      message: { subject: unparsedSubject(connectionId), messageId, body, headers },
      kind: name,
      bodies: 1,
      isCount: false,
    });
  }

  /** How many records the broker has not acknowledged yet. */
  get queued(): number {
    const { queued, unacknowledged } = this.#publisher.stats();
    return this.#queue.length + queued + unacknowledged;
  }

  /** Publishes the counts of the present second, and resolves when the broker has acknowledged everything. */
  async idle(): Promise<void> {
    do {
      this.#endSecond();
      this.#pump();
      await this.#publisher.idle();
    } while (this.#queue.length > 0 || this.#kinds.size > 0);
  }

  /** Publishes what waits, if the broker takes it within a few seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await atMost(STOP_MS_MAX, this.idle());
    const { queued } = this;
    if (queued > 0)
      this.#log.warn({ queued }, `Stopping with ${queued} records of unparsed frames unpublished; they are lost.`);
    await this.#publisher[Symbol.asyncDispose]();
  }

  #kindOf(reason: string): { name: string; counts: { kept: number; omitted: number } } {
    this.#secondEnds ??= setTimeout(() => this.#endSecond(), 1_000).unref();
    const kind = unparsedKind(reason);
    const name = this.#kinds.has(kind) || this.#kinds.size < KINDS_MAX ? kind : OTHER_KINDS;
    const counts = this.#kinds.get(name) ?? { kept: 0, omitted: 0 };
    this.#kinds.set(name, counts);
    return { name, counts };
  }

  #endSecond(): void {
    if (this.#secondEnds !== null) clearTimeout(this.#secondEnds);
    this.#secondEnds = null;
    const omitted = [...this.#kinds].filter(([, counts]) => counts.omitted > 0);
    this.#kinds.clear();
    this.#keptBytes = 0;
    for (const [kind, counts] of omitted) this.#addCount(kind, counts.omitted);
  }

  #addCount(kind: string, omitted: number): void {
    const connectionId = this.#ingestorId;
    const counter = this.#counts;
    this.#counts += 1;
    const reason = `${omitted} more in this second, not kept: ${kind}`;
    const record: Unparsed = {
      ...unparsedRecord('', { connectionId, counter, receivedAtUs: Date.now() * 1_000, reason }),
      omitted,
    };
    const messageId = `${connectionId}:unparsed:${counter}`;
    const message = { subject: unparsedSubject(connectionId), messageId, body: JSON.stringify(record) };
    this.#add({ message, kind, bodies: omitted, isCount: true });
  }

  #add(queued: Queued): void {
    this.#queue.push(queued);
    this.#queuedBytes += queued.message.body.length;
    this.#pump();
    while (this.#queue.length > this.#queueMax || this.#queuedBytes > QUEUE_BYTES_MAX) this.#drop();
  }

  #pump(): void {
    while (!this.#publisher.full) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#queuedBytes -= next.message.body.length;
      this.#publisher.publish(next.message);
    }
  }

  /** Drops the oldest record, and counts its bodies in the present second. */
  #drop(): void {
    const oldest = this.#queue.shift();
    if (oldest === undefined) return;
    this.#queuedBytes -= oldest.message.body.length;
    this.#kindOf(oldest.kind).counts.omitted += oldest.bodies;
    if (!oldest.isCount) this.#counters.unparsedOmitted += 1;
  }
}

/** A waiting record, with the number and kind of the bodies that it stands for. */
type Queued = { message: OutgoingMessage; kind: string; bodies: number; isCount: boolean };

/** Far smaller than the window of the trades. The queue is in this class, not in the publisher. */
const WINDOW = { unacknowledgedMax: 16, unacknowledgedBytesMax: 1024 ** 2, queueMax: 1 };
/** Bodies of a kind that are kept per second. */
const SAMPLES_MAX = 10;
/** Bytes of all bodies that are kept per second: enough for a few of the largest. */
const SAMPLE_BYTES_MAX = 2 * 1024 ** 2;
/** Kinds that are distinguished per second. */
const KINDS_MAX = 20;
const OTHER_KINDS = 'other kinds';
/** Records that may wait for the broker: over a minute of one kind, or some seconds of all kinds. */
const QUEUE_MAX = 1_000;
const QUEUE_BYTES_MAX = 16 * 1024 ** 2;
const STOP_MS_MAX = 5_000;
