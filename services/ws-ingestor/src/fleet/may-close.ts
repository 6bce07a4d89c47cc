import type { KvEntry } from '@polytape/bus';
import type { IngestorPresence, ShardService } from '@polytape/types';
import { lacksNothingOf } from '../replacement/lacks-nothing-of.ts';

/** A shard that an ingestor wants to let go of: it has written `releasing`, and this is the revision of that write. */
export type Release = {
  shard: number;
  version: number;
  revision: number;
  /** The tokens whose first book has come here by now. */
  covered: ReadonlySet<string>;
};

/**
 * Whether the shard may be closed now: so many others as required cover it, lack no first book that has come here, and
 * are not letting go of it themselves.
 *
 * `others` must have been read from the leader after `releasing` was written. Then of any two ingestors that release one
 * shard, at least the later one sees that the other does, and of two that see each other the earlier one goes: with
 * views of whatever age, they never all let go. A leaving one counts as little as one that covers an older version.
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
