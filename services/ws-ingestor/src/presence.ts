import type { Bus } from '@polytape/bus';
import { errorSentence, type Logger } from '@polytape/service';
import type { IngestorPresence } from '@polytape/types';

/**
 * Says every few seconds that this ingestor is alive and which shards it records. The bucket forgets what is not said
 * again, so a killed ingestor disappears by itself; one that stops takes its key along.
 */
export class PresenceAnnouncer implements AsyncDisposable {
  readonly #o: { bus: Bus; ingestorId: string; shards: () => number[]; log: Logger };
  readonly #startedAtMs = Date.now();
  readonly #timer: NodeJS.Timeout;
  #saying: Promise<void>;

  constructor(options: { bus: Bus; ingestorId: string; shards: () => number[]; log: Logger }) {
    this.#o = options;
    this.#saying = this.#say();
    this.#timer = setInterval(() => {
      this.#saying = this.#say();
    }, ANNOUNCE_INTERVAL_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#saying;
    if (!this.#o.bus.connected) return;
    const bucket = await this.#o.bus.kv<IngestorPresence>('ingestors');
    await bucket.delete(this.#o.ingestorId).catch(() => {}); // it expires by itself
  }

  async #say(): Promise<void> {
    if (!this.#o.bus.connected) return;
    try {
      const bucket = await this.#o.bus.kv<IngestorPresence>('ingestors');
      await bucket.put(this.#o.ingestorId, { startedAtMs: this.#startedAtMs, shards: this.#o.shards() });
    } catch (error) {
      // Others see it gone for a while; the recording does not depend on it.
      this.#o.log.warn(
        { ingestorId: this.#o.ingestorId },
        `Could not announce this ingestor: ${errorSentence(error)}.`,
      );
    }
  }
}

const ANNOUNCE_INTERVAL_MS = 5_000;
