import { assignShards, type Member } from './assign-shards.ts';
import type { Presences } from './known-ingestors.ts';

/** What this ingestor has to do with the plan, by the assignment over those that it reckons with. */
export type OwnShare = {
  /** Shards that it is to record. */
  assigned: ReadonlySet<number>;
  /** So many others must cover a shard before this one may let go of it. */
  required: number;
  /** Shards that nobody has room for. */
  unserved: readonly number[];
  /** Ingestors that share the shards, this one among them unless it leaves. */
  members: number;
};

/** The share of an ingestor among these others. One that leaves has none, and needs those that stay to cover. */
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
  // Where nobody has room for anything it keeps what it has: who stays never lets go of what nobody else covers.
  const required = o.self.isLeaving ? redundancy : Math.max(1, redundancy);
  return { assigned: new Set(assigned), required, unserved, members: members.length };
}
