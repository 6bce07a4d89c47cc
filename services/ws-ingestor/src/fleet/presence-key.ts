import { BadValueError, type Bus, type KvBucket, RevisionConflictError } from '@polytape/bus';
import { errorSentence, type Logger } from '@polytape/service';
import { type IngestorPresence, OutageNotice } from '@polytape/types';

export type PresenceKeyOptions = {
  bus: Bus;
  bucket: KvBucket<IngestorPresence>;
  ingestorId: string;
  /** What is to be said, asked anew for each write. */
  describe: () => IngestorPresence;
  /** Told what has been written, before the next write begins. */
  onWritten: (presence: IngestorPresence, revision: number) => void;
  log: Logger;
};

/**
 * This ingestor's key in the bucket `ingestors`: written on each change and every few seconds, for the bucket forgets
 * what is not said again. The last one says that this ingestor is leaving and records nothing; a deletion would look like
 * an expiry, which is no proof of an end.
 *
 * Writes go one after the other and each by the revision of the one before: a write that was given up and arrives late
 * is refused by the broker, and cannot say again what no longer holds.
 */
export class PresenceKey implements AsyncDisposable {
  readonly #o: PresenceKeyOptions;
  readonly #notice = new OutageNotice();
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  #revision: number | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** A write that has not begun yet: it will say what holds when it begins. */
  #next: Promise<number> | null = null;
  #isGone = false;

  constructor(options: PresenceKeyOptions) {
    this.#o = options;
    this.#timer = setInterval(() => this.announce(), ANNOUNCE_INTERVAL_MS);
    this.#forget = options.bus.onConnected(() => this.announce());
  }

  /** Writes soon; a failure is logged, and mended by the next time. */
  announce(): void {
    if (this.#isGone || !this.#o.bus.connected || this.#next !== null) return;
    this.write().then(
      () => {
        if (this.#notice.recovered()) this.#o.log.info('The other ingestors can be told of this one again.');
      },
      (error: unknown) => {
        // Others see it gone for a while; the recording does not depend on it.
        const reason = errorSentence(error);
        if (this.#notice.failed(reason, performance.now()).say)
          this.#o.log.warn({ ingestorId: this.#o.ingestorId }, `Could not announce this ingestor: ${reason}.`);
      },
    );
  }

  /** Writes what holds now or a little later, and gives the revision. @throws What keeps the broker from taking it. */
  write(): Promise<number> {
    if (this.#next !== null) return this.#next;
    const write = this.#last.then(() => {
      this.#next = null;
      return this.#put();
    });
    this.#next = write;
    this.#last = write.catch(() => {}); // whoever asked for it is told
    return write;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#forget();
    this.#isGone = true;
    await this.#last;
    if (this.#o.bus.connected) await this.write().catch(() => {}); // the key expires by itself
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
        // The key expired while the broker was away, or an acknowledgement was lost.
        this.#revision = await this.#revisionNow();
      }
    }
  }

  async #revisionNow(): Promise<number | null> {
    const { bucket, ingestorId } = this.#o;
    try {
      return (await bucket.get(ingestorId))?.revision ?? null;
    } catch (error) {
      if (error instanceof BadValueError) return error.revision; // our own key, whoever wrote into it
      throw error;
    }
  }
}

function goodbye(presence: IngestorPresence): IngestorPresence {
  return { ...presence, state: 'leaving', shards: {} };
}

const ANNOUNCE_INTERVAL_MS = 5_000;
const ATTEMPTS_MAX = 3;
