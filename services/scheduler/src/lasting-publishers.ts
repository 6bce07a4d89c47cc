import type { Bus, Publisher } from '@polytape/bus';

/**
 * The publishers that outlive a term: of facts (for EVENTS), prices and books. What these streams acknowledged in one term and lost
 * in another is published again. They have natural keys, so an old message never replaces a newer one.
 */
export class LastingPublishers implements AsyncDisposable {
  readonly facts: Publisher;
  readonly prices: Publisher;
  readonly books: Publisher;

  constructor(bus: Pick<Bus, 'publisher'>) {
    this.facts = bus.publisher(DOCUMENT_WINDOW);
    this.prices = bus.publisher(SNAPSHOT_WINDOW);
    this.books = bus.publisher(SNAPSHOT_WINDOW);
  }

  /** Call this at the end of a term: what it could not publish must not come out in a later one. */
  forgetUnacknowledged(): void {
    for (const publisher of this.#all) publisher.forgetUnacknowledged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((publisher) => publisher.finish({ settleMsMax: SETTLE_MS_MAX })));
    for (const publisher of this.#all) await publisher[Symbol.asyncDispose]();
  }

  get #all(): Publisher[] {
    return [this.facts, this.prices, this.books];
  }
}

export const DOCUMENT_WINDOW = { unacknowledgedMax: 100, queueMax: 1_000 };
/** Holds a few thousand prices or a few hundred books. */
const SNAPSHOT_WINDOW = { unacknowledgedMax: 500, queueMax: 2_000, queueBytesMax: 32 * 1_024 * 1_024 };
/** Without NATS the end of a term may take seven of the ten seconds of a stop. */
const SETTLE_MS_MAX = 2_000;
