import { BadValueError, type Bus, type KvBucket, RevisionConflictError } from '@polytape/bus';
import { FailureLog } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import type { IngestorPresence } from '@polytape/types';

export type PresenceKeyOptions = {
  bus: Bus;
  bucket: KvBucket<IngestorPresence>;
  ingestorId: string;
  /** The value to write; called for each write. */
  describe: () => IngestorPresence;
  /** Called with each written value, before the next write begins. */
  onWritten: (presence: IngestorPresence, revision: number) => void;
  log: Logger;
};

/**
 * This ingestor's key in the bucket `ingestors`, written on each change and every few seconds, because keys expire. The last
 * write says that this ingestor is leaving and records nothing; a deletion would look like an expiry, which does not
 * prove that the ingestor has ended.
 *
 * Each write waits for the one before and uses its revision: the broker refuses a write that timed out and arrives late, so
 * outdated values cannot reappear.
 */
export class PresenceKey implements AsyncDisposable {
  readonly #o: PresenceKeyOptions;
  readonly #failures: FailureLog;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  #revision: number | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** A write that has not begun yet; it will write the value of the moment at which it begins. */
  #next: Promise<number> | null = null;
  #isGone = false;

  constructor(options: PresenceKeyOptions) {
    this.#o = options;
    this.#failures = new FailureLog(options.log);
    this.#timer = setInterval(() => this.announce(), ANNOUNCE_INTERVAL_MS);
    this.#forget = options.bus.onConnected(() => this.announce());
  }

  /** Writes soon. Logs a failure; the next write makes up for it. */
  announce(): void {
    if (this.#isGone || !this.#o.bus.connected || this.#next !== null) return;
    this.write().then(
      () => this.#failures.recovered({}, 'Announcing this ingestor to the others works again.'),
      (error: unknown) => {
        // The others may take this ingestor for gone, but recording does not depend on it.
        const reason = errorSentence(error);
        this.#failures.failed(
          reason,
          { ingestorId: this.#o.ingestorId },
          `Could not announce this ingestor to the others: ${reason}. They may take over its shards. Recording continues.`,
        );
      },
    );
  }

  /** Writes the present value, or a slightly later one. @returns Its revision. @throws The broker's refusal. */
  write(): Promise<number> {
    if (this.#next !== null) return this.#next;
    const write = this.#last.then(() => {
      this.#next = null;
      return this.#put();
    });
    this.#next = write;
    this.#last = write.catch(() => {}); // the caller gets the error
    return write;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#forget();
    this.#isGone = true;
    await this.#last;
    if (this.#o.bus.connected) await this.write().catch(() => {}); // otherwise the key expires
  }

  async #put(): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const presence = this.#isGone ? goodbye(this.#o.describe()) : this.#o.describe();
      try {
        const { bucket, ingestorId } = this.#o;
        this.#revision = await (this.#revision === null
          ? bucket.create(ingestorId, presence)
          : bucket.update(ingestorId, presence, this.#revision));
        this.#o.onWritten(presence, this.#revision);
        return this.#revision;
      } catch (error) {
        if (!(error instanceof RevisionConflictError) || attempt === ATTEMPTS_MAX) throw error;
        // The key expired during an outage of the broker, or an acknowledgement was lost.
        this.#revision = await this.#revisionNow();
      }
    }
  }

  async #revisionNow(): Promise<number | null> {
    const { bucket, ingestorId } = this.#o;
    try {
      return (await bucket.get(ingestorId))?.revision ?? null;
    } catch (error) {
      if (error instanceof BadValueError) return error.revision; // it is our key, whoever wrote that value
      throw error;
    }
  }
}

function goodbye(presence: IngestorPresence): IngestorPresence {
  return { ...presence, state: 'leaving', shards: {} };
}

const ANNOUNCE_INTERVAL_MS = 5_000;
const ATTEMPTS_MAX = 3;
