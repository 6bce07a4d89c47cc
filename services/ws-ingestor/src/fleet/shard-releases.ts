import type { KvBucket, KvEntry } from '@polytape/bus';
import { errorSentence, type Logger } from '@polytape/service';
import type { IngestorPresence, ShardService } from '@polytape/types';
import type { IngestorCounters } from '../ingestor-counters.ts';
import type { Presences } from './known-ingestors.ts';
import { mayClose } from './may-close.ts';
import type { OwnShare } from './own-share.ts';

export type ShardReleasesOptions = {
  ingestorId: string;
  bucket: KvBucket<IngestorPresence>;
  /** Writes this ingestor's key with what `overlay` says of the releases. */
  write: () => Promise<number>;
  /** The share among others that have just been read. */
  shareAmong: (others: Presences) => OwnShare;
  /** The tokens of a shard whose first book has come here. */
  coveredTokens: (shard: number) => ReadonlySet<string>;
  close: (shards: readonly number[]) => void;
  counters: IngestorCounters;
  log: Logger;
};

/**
 * Lets go of shards without leaving them to nobody: writes `releasing`, reads the keys of the others as the leader has
 * them, and closes those that enough others cover; the rest is taken back. When the broker does not answer, all are.
 */
export class ShardReleases {
  readonly #o: ShardReleasesOptions;
  /** Shards whose release is being tried, with the revision by which that began, once it is known. */
  readonly #since = new Map<number, number | null>();

  constructor(options: ShardReleasesOptions) {
    this.#o = options;
  }

  get isBusy(): boolean {
    return this.#since.size > 0;
  }

  /** The services as they are to be told: with what is being released. */
  overlay(services: ReadonlyMap<number, ShardService>): Map<number, ShardService> {
    return new Map(
      [...services].map(([shard, service]) => {
        const since = this.#since.get(shard);
        // One that has just lost its connection covers nothing, and must not count as if it did.
        if (since === undefined || service.state === 'opening') return [shard, service];
        return [shard, { ...service, state: 'releasing', releasingSince: since }];
      }),
    );
  }

  /** Takes down by which revision a release began. */
  written(presence: IngestorPresence, revision: number): void {
    for (const [shard, since] of this.#since) {
      if (since === null && presence.shards[shard]?.state === 'releasing') this.#since.set(shard, revision);
    }
  }

  /** One attempt for these shards; nothing else may be tried meanwhile. */
  async attempt(services: ReadonlyMap<number, ShardService>): Promise<void> {
    const { log, counters } = this.#o;
    for (const shard of services.keys()) this.#since.set(shard, null);
    try {
      const closable = await this.#closable(services);
      this.#o.close(closable);
      counters.shardsReleased += closable.length;
      counters.releasesTakenBack += services.size - closable.length;
      log.info({ shards: closable }, `Let go of ${closable.length} of ${services.size} shards that others cover.`);
    } catch (error) {
      counters.releasesTakenBack += services.size;
      log.warn({ shards: [...services.keys()] }, `Keeping ${services.size} shards for now: ${errorSentence(error)}.`);
    } finally {
      this.#since.clear();
    }
  }

  async #closable(services: ReadonlyMap<number, ShardService>): Promise<number[]> {
    await this.#o.write();
    const entries = await this.#o.bucket.list();
    const others = new Map<string, KvEntry<IngestorPresence>>(entries);
    others.delete(this.#o.ingestorId);
    const share = this.#o.shareAmong(new Map([...others].map(([id, { value }]) => [id, value])));
    return [...services]
      .filter(([shard, { version }]) => {
        const revision = this.#since.get(shard);
        if (typeof revision !== 'number' || share.assigned.has(shard)) return false;
        // As of now: a book that came during this attempt is one that the others must have, too.
        const covered = this.#o.coveredTokens(shard);
        return mayClose({ shard, version, revision, covered }, others, share.required);
      })
      .map(([shard]) => shard);
  }
}
