import { type KvBucket, RevisionConflictError } from '@polytape/bus';
import { atMost, rest, WakeUp } from '@polytape/resilience';
import { errorSentence, type Logger } from '@polytape/service';
import type { LeaderRecord } from '@polytape/types';
import { LeaderTerm } from './leader-term.ts';

export type LeadershipOptions = {
  bucket: KvBucket<LeaderRecord>;
  /** Unique to this process. */
  schedulerId: string;
  log: Logger;
};

/**
 * Lets exactly one of several schedulers lead.
 *
 * standing by -> leading (it created the missing key) -> standing by (it could not renew the key in time, another
 * scheduler wrote it, or the work ended) -> …. A leader that stops deletes the key by its revision, so that another one
 * follows at once; the key of a leader that died expires.
 *
 * A leader counts its lease from before it asked for the last renewal, and stops 5 s before the key can expire. So every
 * request that it made has finished before another scheduler leads. If even that fails (a machine that slept), the plan
 * is still safe, because each shard is written by revision. See ADR 8.
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

  /** The last known leader, this scheduler or another; null before one is known and after a term of our own. */
  get leader(): string | null {
    return this.#leader;
  }

  /**
   * Runs `work` in each term that this scheduler leads, until `signal` aborts. An error whose `disposition` is `retry`
   * (a lost revision, for example) ends the term; any other error is thrown.
   */
  async run(work: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<void> {
    await using view = this.#o.bucket.view({ signal, relistMs: TRY_INTERVAL_MS });
    const wakeUp = new WakeUp();
    view.onChange(() => wakeUp.wake());
    // An incomplete view does not know the key, and would not report its deletion.
    await view.ready.catch(() => {}); // stopped: the loop sees it
    while (!signal.aborted) {
      const hold = await this.#take();
      if (hold === null) {
        await wakeUp.wait(TRY_INTERVAL_MS, signal);
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
      // Our own write, whose answer was lost. The renewal finds out how long it holds.
      if (held?.value.schedulerId === schedulerId) return { ...held, record: held.value, askedAtMs: -Infinity };
      if (held !== null && held.value.schedulerId !== this.#leader) {
        log.info({ leader: held.value.schedulerId }, `Standing by: scheduler ${held.value.schedulerId} leads.`);
      }
      this.#leader = held?.value.schedulerId ?? null;
    } catch (error) {
      log.debug({ err: error }, `Cannot find out which scheduler leads: ${errorSentence(error)}. Trying again.`);
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
      // By revision: if another scheduler leads by now, its key stays. A key that cannot be deleted expires by itself.
      const released = renewing.then(() => bucket.delete(KEY, hold.revision)).catch(() => {});
      await atMost(RELEASE_MS_MAX, released);
    }
    if (!signal.aborted)
      log.warn({ reason: term.endedBecause }, `This scheduler no longer leads: ${term.endedBecause}.`);
  }

  /** A key that was just created needs no renewal; one that was found again does. */
  async #renewFirst(hold: Hold, term: LeaderTerm): Promise<boolean> {
    if (hold.askedAtMs > -Infinity) term.extend(hold.askedAtMs);
    else if (!(await this.#renewOnce(hold, term).catch(() => false))) return false;
    return !term.signal.aborted;
  }

  /** Renews the key until the term is over, retrying failures until the lease runs out. */
  async #renew(hold: Hold, term: LeaderTerm, done: AbortSignal): Promise<void> {
    let pauseMs = RENEW_INTERVAL_MS;
    while (!term.signal.aborted) {
      await rest(pauseMs, AbortSignal.any([done, term.signal]));
      if (done.aborted || term.signal.aborted) return;
      try {
        if (!(await this.#renewOnce(hold, term))) return;
        pauseMs = RENEW_INTERVAL_MS;
      } catch (error) {
        this.#o.log.warn({ err: error }, `Cannot renew the lead: ${errorSentence(error)}. Trying again.`);
        pauseMs = RENEW_RETRY_MS;
      }
    }
  }

  /** @returns Whether the key is still ours; if not, the term has ended. @throws NATS could not be reached. */
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
      term.end(held === null ? 'its key disappeared' : `scheduler ${held.value.schedulerId} leads`);
      return false;
    }
    hold.revision = held.revision; // an earlier renewal whose answer was lost
    return await this.#renewOnce(hold, term);
  }
}

/** Our key with its present revision; `askedAtMs` is a moment before it was written. */
type Hold = { record: LeaderRecord; revision: number; askedAtMs: number };

/** The revision that was written, or null on a conflict. */
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
/** The key lives for 15 s, and a request waits at most 5 s for a lost connection. */
const LEASE_MS = 10_000;
/** While NATS is away, a stop does not wait until the key is deleted. */
const RELEASE_MS_MAX = 2_000;
/** Changes of the key are pushed; this covers a missed push. */
const TRY_INTERVAL_MS = 5_000;
/** After a failed term, so that another scheduler gets its chance. */
const REST_MS = 1_000;
