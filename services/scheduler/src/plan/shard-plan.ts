import { BadValueError, BusUnavailableError, type KvBucket, StreamMissingError } from '@polytape/bus';
import { rest, WakeUp } from '@polytape/resilience';
import type { Shard } from '@polytape/types';
import type { LeaderTerm } from '../leadership/leader-term.ts';
import type { ShardChange } from './shard-planner.ts';

/**
 * The plan in the bucket `shards`: read once, then known from our own writes. Each write names the revision that it
 * replaces, so two schedulers cannot overwrite each other's plan: the later write fails, and that scheduler's term ends.
 * Between writes, `run` notices when the bucket no longer holds what was written.
 */
export class ShardPlan {
  readonly #bucket: KvBucket<Shard>;
  readonly #term: Pick<LeaderTerm, 'throwIfOver'>;
  readonly #entries = new Map<number, { value: Shard; revision: number }>();
  readonly #writing = new Set<number>();
  /** Keys with malformed values that somebody else wrote, with their revisions. Overwritten when their number is needed. */
  readonly #bad = new Map<number, number>();
  #goneVersionMax = 0;

  private constructor(bucket: KvBucket<Shard>, term: Pick<LeaderTerm, 'throwIfOver'>) {
    this.#bucket = bucket;
    this.#term = term;
  }

  static async read(bucket: KvBucket<Shard>, term: Pick<LeaderTerm, 'signal' | 'throwIfOver'>): Promise<ShardPlan> {
    const plan = new ShardPlan(bucket, term);
    await using view = bucket.view({ signal: term.signal });
    await view.ready;
    for (const [key, entry] of view.entries()) if (NUMBER.test(key)) plan.#entries.set(Number(key), entry);
    for (const [key, revision] of view.bad()) if (NUMBER.test(key)) plan.#bad.set(Number(key), revision);
    return plan;
  }

  get shards(): ReadonlyMap<number, Shard> {
    return new Map([...this.#entries].map(([number, { value }]) => [number, value]));
  }

  /** The highest version among the shards deleted in this term; 0 if none. */
  get goneVersionMax(): number {
    return this.#goneVersionMax;
  }

  /**
   * @throws {RevisionConflictError} Somebody else wrote the shard, so the known plan is outdated.
   * @throws {TermOverError} This scheduler must not write. @throws {BusUnavailableError}
   */
  async write({ number, shard }: Pick<ShardChange, 'number' | 'shard'>): Promise<void> {
    this.#term.throwIfOver();
    this.#writing.add(number);
    try {
      const revision = await this.#write(number, shard);
      if (shard === null || revision === null) this.#entries.delete(number);
      else this.#entries.set(number, { value: shard, revision });
      this.#bad.delete(number);
    } finally {
      this.#writing.delete(number);
    }
  }

  /**
   * Compares the bucket with our writes on every change, until `signal` aborts.
   *
   * @throws {PlanChangedError} A shard is gone or different: the bucket was deleted, or somebody else wrote to it.
   */
  async run(signal: AbortSignal): Promise<void> {
    await using view = this.#bucket.revisions({ signal });
    const wakeUp = new WakeUp();
    view.onChange(() => wakeUp.wake());
    await view.ready.catch(() => {}); // stopped: the loop sees it
    while (!signal.aborted) {
      const keys = [...view.entries()].filter(([key]) => NUMBER.test(key));
      const seen = new Map(keys.map(([key, { revision }]) => [Number(key), revision]));
      for (const [key, revision] of view.bad()) {
        const number = Number(key);
        if (NUMBER.test(key) && this.#bad.get(number) !== revision) seen.set(number, revision);
      }
      for (const number of new Set([...this.#entries.keys(), ...seen.keys()])) {
        // The view may lag behind our writes or precede their answers: it only shows where to look.
        if (seen.get(number) !== this.#entries.get(number)?.revision) await this.#compare(number);
      }
      await rest(REST_MS, signal);
      await wakeUp.wait(LOOK_INTERVAL_MS, signal);
    }
  }

  /** @returns The revision, or null when the key was deleted. */
  async #write(number: number, shard: Shard | null): Promise<number | null> {
    const key = String(number);
    const known = this.#entries.get(number);
    if (shard === null) {
      await this.#bucket.delete(key, known?.revision);
      this.#goneVersionMax = Math.max(this.#goneVersionMax, known?.value.version ?? 0);
      return null;
    }
    const present = known?.revision ?? this.#bad.get(number);
    if (present === undefined) return await this.#bucket.create(key, shard);
    return await this.#bucket.update(key, shard, present);
  }

  async #compare(number: number): Promise<void> {
    const expected = this.#entries.get(number)?.revision;
    try {
      const held = await this.#bucket.get(String(number));
      if (this.#writing.has(number) || this.#entries.get(number)?.revision !== expected) return; // a later round looks again
      if (held?.revision !== expected) throw new PlanChangedError(number, held === null ? 'is gone' : 'has changed');
    } catch (error) {
      if (error instanceof BadValueError) throw new PlanChangedError(number, 'cannot be read');
      // Nothing is known while NATS is away. A missing bucket is soon created again.
      if (!(error instanceof BusUnavailableError || error instanceof StreamMissingError)) throw error;
    }
  }
}

/** The bucket `shards` does not hold what this leader wrote: the plan must be read again. */
export class PlanChangedError extends Error {
  override readonly name = 'PlanChangedError';
  readonly disposition = 'retry';

  constructor(shard: number, found: string) {
    super(`shard ${shard} ${found} in the bucket shards: somebody else deleted or wrote it`);
  }
}

/** Keys of any other form are not ours. */
const NUMBER = /^(0|[1-9]\d*)$/;
/** Our own writes come in quick succession. */
const REST_MS = 250;
const LOOK_INTERVAL_MS = 10_000;
