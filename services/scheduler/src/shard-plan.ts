import { type KvBucket, RevisionConflictError } from '@polytape/bus';
import type { Shard } from '@polytape/types';
import type { ShardChange } from './shard-planner.ts';

/**
 * The plan as it stands in the bucket `shards`: read once, then known from our own writes. Each write names the revision
 * that it replaces, so two schedulers cannot overwrite each other's plan without noticing.
 */
export class ShardPlan {
  readonly #bucket: KvBucket<Shard>;
  readonly #entries = new Map<number, { value: Shard; revision: number }>();

  private constructor(bucket: KvBucket<Shard>) {
    this.#bucket = bucket;
  }

  static async read(bucket: KvBucket<Shard>, signal: AbortSignal): Promise<ShardPlan> {
    const plan = new ShardPlan(bucket);
    await using view = bucket.view({ signal });
    await view.ready;
    for (const [key, entry] of view.entries()) plan.#entries.set(Number(key), entry);
    return plan;
  }

  get shards(): ReadonlyMap<number, Shard> {
    return new Map([...this.#entries].map(([number, { value }]) => [number, value]));
  }

  /** @throws {RevisionConflictError} Somebody else wrote the shard: its present content is known now, plan again. */
  async write({ number, shard }: ShardChange): Promise<void> {
    const key = String(number);
    const known = this.#entries.get(number);
    try {
      if (shard === null) {
        await this.#bucket.delete(key, known?.revision);
        this.#entries.delete(number);
        return;
      }
      const revision =
        known === undefined
          ? await this.#bucket.create(key, shard)
          : await this.#bucket.update(key, shard, known.revision);
      this.#entries.set(number, { value: shard, revision });
    } catch (error) {
      if (error instanceof RevisionConflictError) await this.#reload(number);
      throw error;
    }
  }

  async #reload(number: number): Promise<void> {
    const entry = await this.#bucket.get(String(number));
    if (entry === null) this.#entries.delete(number);
    else this.#entries.set(number, entry);
  }
}
