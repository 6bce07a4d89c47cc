import type { KvEntry } from '@polytape/bus';
import type { IngestorPresence, ShardService } from '@polytape/types';
import { lacksNothingOf } from '../replacement/lacks-nothing-of.ts';

/** A shard that an ingestor wants to release. It has written `releasing`; `revision` is that write's. */
export type Release = {
  shard: number;
  version: number;
  revision: number;
  /** The tokens whose first book has arrived here by now. */
  covered: ReadonlySet<string>;
};

/**
 * Whether the shard may be closed now: at least `required` others cover it, lack no first book that has arrived here, and
 * are not releasing it themselves.
 *
 * `others` must have been read from the stream's leader after `releasing` was written. Then, of any two ingestors that
 * release the same shard, at least the later one sees the other's release; and if both see each other, the earlier one
 * goes. So they never all close it, however old their views are. Leaving ingestors do not count, nor do those that cover
 * an older version.
 */
export function mayClose(
  release: Release,
  others: ReadonlyMap<string, KvEntry<IngestorPresence>>,
  required: number,
): boolean {
  let covering = 0;
  for (const { value, revision } of others.values()) {
    const service = value.shards[release.shard];
    if (value.state === 'active' && service !== undefined && stays(service, release, revision)) covering += 1;
  }
  return covering >= required;
}

function stays(service: ShardService, release: Release, keyRevision: number): boolean {
  if (service.version < release.version || !lacksNothingOf(release.covered, service.lacking)) return false;
  if (service.state === 'covered') return true;
  return service.state === 'releasing' && (service.releasingSince ?? keyRevision) > release.revision;
}
