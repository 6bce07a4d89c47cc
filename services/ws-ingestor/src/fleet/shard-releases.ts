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
  /** Writes this ingestor's key, with the releases as `overlay` shows them. */
  write: () => Promise<number>;
  /** This ingestor's share among the given others. */
  shareAmong: (others: Presences) => OwnShare;
  /** The tokens of a shard whose first book has arrived here. */
  coveredTokens: (shard: number) => ReadonlySet<string>;
  close: (shards: readonly number[]) => void;
  counters: IngestorCounters;
  log: Logger;
};

/**
 * Releases shards without leaving any of them to nobody: writes `releasing`, reads the other ingestors' keys from the
 * stream's leader, and closes the shards that enough others cover. It takes the other releases back; all of them, if the
 * broker does not answer.
 */
export class ShardReleases {
  readonly #o: ShardReleasesOptions;
  /** The shards being released, each with the revision at which its release began, once that is known. */
  readonly #since = new Map<number, number | null>();
  /** No further attempt before: the last one released nothing. */
  #restsUntilMs = 0;

  constructor(options: ShardReleasesOptions) {
    this.#o = options;
  }

  get isBusy(): boolean {
    return this.#since.size > 0 || performance.now() < this.#restsUntilMs;
  }

  /** The services as they are announced, with the shards that are being released. */
  overlay(services: ReadonlyMap<number, ShardService>): Map<number, ShardService> {
    return new Map(
      [...services].map(([shard, service]) => {
        const since = this.#since.get(shard);
        // A shard that has just lost its connection is not covered, and must not count as if it were.
        if (since === undefined || service.state === 'opening') return [shard, service];
        return [shard, { ...service, state: 'releasing', releasingSince: since }];
      }),
    );
  }

  /** Records the revision at which each release began. */
  written(presence: IngestorPresence, revision: number): void {
    for (const [shard, since] of this.#since) {
      if (since === null && presence.shards[shard]?.state === 'releasing') this.#since.set(shard, revision);
    }
  }

  /** Tries to release these shards. Only one attempt may run at a time. */
  async attempt(services: ReadonlyMap<number, ShardService>): Promise<void> {
    const { log, counters } = this.#o;
    for (const shard of services.keys()) this.#since.set(shard, null);
    try {
      const { closable, required } = await this.#closable(services);
      this.#o.close(closable);
      if (closable.length === 0) this.#rest();
      counters.shardsReleased += closable.length;
      counters.releasesTakenBack += services.size - closable.length;
      const to = required === 0 ? 'no other ingestor records them' : 'others cover them';
      log.info({ shards: closable }, `Released ${closable.length} of ${services.size} shards; ${to}.`);
    } catch (error) {
      this.#rest();
      counters.releasesTakenBack += services.size;
      log.warn(
        { shards: [...services.keys()] },
        `Could not release ${services.size} shards: ${errorSentence(error)}. Recording them until the next attempt.`,
      );
    } finally {
      this.#since.clear();
    }
  }

  #rest(): void {
    this.#restsUntilMs = performance.now() + REST_MS;
  }

  async #closable(services: ReadonlyMap<number, ShardService>): Promise<{ closable: number[]; required: number }> {
    await this.#o.write();
    const entries = await this.#o.bucket.list();
    const others = new Map<string, KvEntry<IngestorPresence>>(entries);
    others.delete(this.#o.ingestorId);
    const share = this.#o.shareAmong(new Map([...others].map(([id, { value }]) => [id, value])));
    const closable = [...services]
      .filter(([shard, { version }]) => {
        const revision = this.#since.get(shard);
        if (typeof revision !== 'number' || share.assigned.has(shard)) return false;
        // As of now: the others must also have the books that arrived during this attempt.
        const covered = this.#o.coveredTokens(shard);
        return mayClose({ shard, version, revision, covered }, others, share.required);
      })
      .map(([shard]) => shard);
    return { closable, required: share.required };
  }
}

/** Between attempts in vain, each of which writes the key. */
const REST_MS = 1_000;
