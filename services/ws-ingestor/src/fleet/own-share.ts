import { assignShards, type Member } from './assign-shards.ts';
import type { Presences } from './known-ingestors.ts';

/** This ingestor's part of the plan, by the assignment among all ingestors that count. */
export type OwnShare = {
  /** The shards that it should record. */
  assigned: ReadonlySet<number>;
  /** How many others must cover a shard before this one may release it. */
  required: number;
  /** The shards that nobody has room for. */
  unserved: readonly number[];
  /** How many ingestors share the shards, including this one unless it is leaving. */
  members: number;
};

/** The share of an ingestor among these others. A leaving ingestor has none; the others must cover its shards. */
export function ownShare(o: {
  shards: Iterable<number>;
  self: { id: string; capacity: number; isLeaving: boolean };
  others: Presences;
  redundancy: number;
}): OwnShare {
  const members: Member[] = [...o.others]
    .filter(([, { state }]) => state === 'active')
    .map(([id, { capacity }]) => ({ id, capacity }));
  if (!o.self.isLeaving) members.push(o.self);
  const { owners, redundancy, unserved } = assignShards({ ...o, members });
  const assigned = [...owners].filter(([, ids]) => ids.includes(o.self.id)).map(([shard]) => shard);
  // At least one, even if nobody has room: an ingestor that stays never releases a shard that nobody else covers.
  const required = o.self.isLeaving ? redundancy : Math.max(1, redundancy);
  return { assigned: new Set(assigned), required, unserved, members: members.length };
}
