import { setTimeout as delay } from 'node:timers/promises';
import { type KvBucket, RevisionConflictError } from '@polytape/bus';
import { changedOrElapsed, errorSentence, type Logger, rest } from '@polytape/service';
import type { LeaderRecord } from '@polytape/types';
import { LeaderTerm } from './leader-term.ts';

export type LeadershipOptions = {
  bucket: KvBucket<LeaderRecord>;
  /** Of this process alone. */
  schedulerId: string;
  log: Logger;
};

/**
 * Lets one scheduler of any number lead.
 *
 * standing by -> leading (it created the key, which was not there) -> standing by (the key could not be renewed in time,
 * somebody else wrote it, or the work was given up) -> …; the key is deleted by its revision when the leader lets go, so
 * that another follows at once, and expires when the leader died.
 *
 * A leader counts its time from before it asked for the last renewal, and lets go 5 s before the key could expire: what
 * it asked for until then is done before anybody else leads. Should even that fail (a machine that slept), the plan is
 * safe all the same, because each shard is written by revision. See ADR 8.
 */
export class Leadership {
  readonly #o: LeadershipOptions;
  #isLeading = false;
  #leader: string | null = null;

  constructor(options: LeadershipOptions) {
    this.#o = options;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Who was last known to lead, this one or another; null before that is known, and when a term of ours has ended. */
  get leader(): string | null {
    return this.#leader;
  }

  /**
   * Does `work` in each term that this scheduler leads, until `signal` aborts. Work that fails with something that may
   * pass (its `disposition` is `retry`, a lost revision among it) ends the term; other errors come out.
   */
  async run(work: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<void> {
    await using view = this.#o.bucket.view({ signal, relistMs: TRY_INTERVAL_MS });
    let changed = Promise.withResolvers<void>();
    view.onChange(() => changed.resolve());
    // A view that is not complete yet does not know the key, and would say nothing of its end.
    await view.ready.catch(() => {}); // stopped: the loop sees it
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      const hold = await this.#take();
      if (hold === null) {
        await changedOrElapsed(changed.promise, TRY_INTERVAL_MS, signal);
      } else {
        await this.#lead(hold, work, signal);
        await rest(REST_MS, signal);
      }
    }
  }

  /** Takes the lead if nobody has it. */
  async #take(): Promise<Hold | null> {
    const { bucket, schedulerId, log } = this.#o;
    try {
      const record = { schedulerId, sinceMs: Date.now() };
      const askedAtMs = performance.now();
      const revision = await ifFree(bucket.create(KEY, record));
      if (revision !== null) return { record, revision, askedAtMs };
      const held = await bucket.get(KEY);
      // Our own write whose answer was lost: the renewal tells how long it holds.
      if (held?.value.schedulerId === schedulerId) return { ...held, record: held.value, askedAtMs: -Infinity };
      if (held !== null && held.value.schedulerId !== this.#leader) {
        log.info({ leader: held.value.schedulerId }, `Standing by: ${held.value.schedulerId} leads.`);
      }
      this.#leader = held?.value.schedulerId ?? null;
    } catch (error) {
      log.debug({ err: error }, `Cannot ask who leads: ${errorSentence(error)}.`);
    }
    return null;
  }

  async #lead(hold: Hold, work: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { bucket, schedulerId, log } = this.#o;
    const term = new LeaderTerm(signal, LEASE_MS);
    const done = new AbortController();
    if (!(await this.#renewFirst(hold, term))) return;
    log.info({ schedulerId }, 'This scheduler leads.');
    this.#isLeading = true;
    this.#leader = schedulerId;
    const renewing = this.#renew(hold, term, done.signal);
    try {
      await work(term);
    } catch (error) {
      if ((error as { disposition?: unknown }).disposition === 'retry') term.end(errorSentence(error));
      else if (!term.signal.aborted) throw error;
    } finally {
      this.#isLeading = false;
      this.#leader = null;
      term.end('its work has ended');
      done.abort();
      // By revision: should somebody else lead by now, their key stays. What cannot be deleted expires by itself.
      const released = renewing.then(() => bucket.delete(KEY, hold.revision)).catch(() => {});
      await Promise.race([released, delay(RELEASE_MS_MAX, undefined, { ref: false })]);
    }
    if (!signal.aborted)
      log.warn({ reason: term.endedBecause }, `This scheduler leads no longer: ${term.endedBecause}.`);
  }

  /** A key that was created just now needs none; one that was found again does. */
  async #renewFirst(hold: Hold, term: LeaderTerm): Promise<boolean> {
    if (hold.askedAtMs > -Infinity) term.extend(hold.askedAtMs);
    else if (!(await this.#renewOnce(hold, term).catch(() => false))) return false;
    return !term.signal.aborted;
  }

  /** Renews until the term is over; trouble on the way is tried again until the lease has run out. */
  async #renew(hold: Hold, term: LeaderTerm, done: AbortSignal): Promise<void> {
    let pauseMs = RENEW_INTERVAL_MS;
    while (!term.signal.aborted) {
      await rest(pauseMs, AbortSignal.any([done, term.signal]));
      if (done.aborted || term.signal.aborted) return;
      try {
        if (!(await this.#renewOnce(hold, term))) return;
        pauseMs = RENEW_INTERVAL_MS;
      } catch (error) {
        this.#o.log.warn({ err: error }, `The lead could not be renewed: ${errorSentence(error)}. Trying again.`);
        pauseMs = RENEW_RETRY_MS;
      }
    }
  }

  /** @returns Whether the key is still ours; if not, the term has ended. @throws NATS could not be asked. */
  async #renewOnce(hold: Hold, term: LeaderTerm): Promise<boolean> {
    const { bucket, schedulerId } = this.#o;
    const askedAtMs = performance.now();
    const revision = await ifFree(bucket.update(KEY, hold.record, hold.revision));
    if (revision !== null) {
      hold.revision = revision;
      term.extend(askedAtMs);
      return true;
    }
    const held = await bucket.get(KEY);
    if (held?.value.schedulerId !== schedulerId) {
      term.end(held === null ? 'its key was gone' : `${held.value.schedulerId} leads`);
      return false;
    }
    hold.revision = held.revision; // an earlier renewal whose answer was lost
    return await this.#renewOnce(hold, term);
  }
}

/** Our key: its present revision, and a moment of our clock before it was written. */
type Hold = { record: LeaderRecord; revision: number; askedAtMs: number };

/** The revision written, or null when the key is not as it was to be. */
async function ifFree(write: Promise<number>): Promise<number | null> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof RevisionConflictError) return null;
    throw error;
  }
}

const KEY = 'scheduler';
const RENEW_INTERVAL_MS = 5_000;
const RENEW_RETRY_MS = 1_000;
/** The key's 15 s less the 5 s that a request waits for a lost connection at most. */
const LEASE_MS = 10_000;
/** With NATS away, a stop does not wait for the key. */
const RELEASE_MS_MAX = 2_000;
/** A change of the key is pushed; this is for what the push missed. */
const TRY_INTERVAL_MS = 5_000;
/** After a term that failed, so that another scheduler may do better. */
const REST_MS = 1_000;
