import type { KvBucket } from '@polytape/bus';
import type { Shard } from '@polytape/types';
import type { LeaderTerm } from './leader-term.ts';
import type { ShardChange } from './shard-planner.ts';

/**
 * The plan as it stands in the bucket `shards`: read once, then known from our own writes. Each write names the revision
 * that it replaces, so two schedulers cannot overwrite each other's plan: the later one's write fails, and its term ends.
 */
export class ShardPlan {
  readonly #bucket: KvBucket<Shard>;
  readonly #term: Pick<LeaderTerm, 'throwIfOver'>;
  readonly #entries = new Map<number, { value: Shard; revision: number }>();
  #goneVersionMax = 0;

  private constructor(bucket: KvBucket<Shard>, term: Pick<LeaderTerm, 'throwIfOver'>) {
    this.#bucket = bucket;
    this.#term = term;
  }

  static async read(bucket: KvBucket<Shard>, term: Pick<LeaderTerm, 'signal' | 'throwIfOver'>): Promise<ShardPlan> {
    const plan = new ShardPlan(bucket, term);
    await using view = bucket.view({ signal: term.signal });
    await view.ready;
    for (const [key, entry] of view.entries()) plan.#entries.set(Number(key), entry);
    return plan;
  }

  get shards(): ReadonlyMap<number, Shard> {
    return new Map([...this.#entries].map(([number, { value }]) => [number, value]));
  }

  /** The highest version of the shards that were deleted in this term; 0 when none was. */
  get goneVersionMax(): number {
    return this.#goneVersionMax;
  }

  /**
   * @throws {RevisionConflictError} Somebody else wrote the shard: what is known here is not the plan any more.
   * @throws {TermOverError} This scheduler must not write. @throws {BusUnavailableError}
   */
  async write({ number, shard }: Pick<ShardChange, 'number' | 'shard'>): Promise<void> {
    this.#term.throwIfOver();
    const key = String(number);
    const known = this.#entries.get(number);
    if (shard === null) {
      await this.#bucket.delete(key, known?.revision);
      this.#goneVersionMax = Math.max(this.#goneVersionMax, known?.value.version ?? 0);
      this.#entries.delete(number);
      return;
    }
    const revision =
      known === undefined
        ? await this.#bucket.create(key, shard)
        : await this.#bucket.update(key, shard, known.revision);
    this.#entries.set(number, { value: shard, revision });
  }
}
