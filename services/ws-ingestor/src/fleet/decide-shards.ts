import type { ShardService } from '@polytape/types';
import { lacksNothingOf } from '../replacement/lacks-nothing-of.ts';
import type { Presences } from './known-ingestors.ts';
import type { OwnShare } from './own-share.ts';

/** What to do with shards, by number, and what to remember for the next decision. */
export type ShardDecision = {
  /** Begin to record these, in this order. */
  open: number[];
  /** End these: nobody counts on them. */
  close: number[];
  /** Try to let go of these: others cover them long enough, which is to be confirmed first. */
  release: number[];
  /** Since when this ingestor has seen others cover what it is not to keep. */
  relievedSinceMs: Map<number, number>;
};

/**
 * What an ingestor does with its shards, level by level: from the plan, its share, what it records and what the others
 * say, whatever led there.
 *
 * A shard of its share is opened and kept. One that is not is kept, too, until enough others have covered it for the
 * time of the overlap and lack no first book that has come here; then its release is tried. One that is not covered here
 * is simply closed then: nobody counts on it. So is one without a single book here, once others have waited in vain, too. While the broker is away nothing is released, except by one that leaves and knows of nobody else; nor while the
 * connections are not read.
 */
export function decideShards(o: {
  nowMs: number;
  /** Versions of the shards of the plan. */
  plan: ReadonlyMap<number, number>;
  share: Pick<OwnShare, 'assigned' | 'required'>;
  own: ReadonlyMap<number, ShardService>;
  /** The tokens of a shard whose first book has come here. */
  coveredTokens: (shard: number) => ReadonlySet<string>;
  /** Of those: what has left the plan and is kept for a while, because its tokens are in other shards now. */
  departing: ReadonlySet<number>;
  others: Presences;
  isConnected: boolean;
  /** A full publishing queue keeps the connections from being read: what has come to them is not recorded yet. */
  isPaused: boolean;
  overlapMs: number;
  relievedSinceMs: ReadonlyMap<number, number>;
}): ShardDecision {
  const decision: ShardDecision = { open: [], close: [], release: [], relievedSinceMs: new Map() };
  for (const [shard, service] of o.own) {
    if (!o.plan.has(shard)) {
      if (!o.departing.has(shard)) decision.close.push(shard);
    } else if (!o.share.assigned.has(shard)) decideSurplus(shard, service, o, decision);
  }
  for (const shard of [...o.share.assigned].sort((a, b) => a - b)) {
    if (o.plan.has(shard) && !o.own.has(shard)) decision.open.push(shard);
  }
  return decision;
}

function decideSurplus(
  shard: number,
  service: ShardService,
  o: Parameters<typeof decideShards>[0],
  decision: ShardDecision,
): void {
  const { required } = o.share;
  if (required === 0 && service.state !== 'releasing') {
    (o.isConnected ? decision.release : decision.close).push(shard);
    return;
  }
  if (coveringOthers(shard, service, o) < required) return;
  const sinceMs = o.relievedSinceMs.get(shard) ?? o.nowMs;
  decision.relievedSinceMs.set(shard, sinceMs);
  if (o.nowMs - sinceMs < o.overlapMs || service.state === 'releasing' || !o.isConnected || o.isPaused) return;
  (service.state === 'covered' ? decision.release : decision.close).push(shard);
}

function coveringOthers(
  shard: number,
  own: ShardService,
  { others, coveredTokens }: Parameters<typeof decideShards>[0],
): number {
  const covered = coveredTokens(shard);
  let covering = 0;
  for (const { state, shards } of others.values()) {
    const theirs = shards[shard];
    if (state !== 'active' || theirs === undefined || theirs.version < own.version) continue;
    const hasWaited = theirs.state === 'covered' || (theirs.lacking === 'all' && own.lacking === 'all');
    if (hasWaited && lacksNothingOf(covered, theirs.lacking)) covering += 1;
  }
  return covering;
}
