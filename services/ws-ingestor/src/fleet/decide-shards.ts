import type { ShardService } from '@polytape/types';
import { lacksNothingOf } from '../replacement/lacks-nothing-of.ts';
import type { Presences } from './known-ingestors.ts';
import type { OwnShare } from './own-share.ts';

/** What to do with which shards, and what to remember for the next decision. */
export type ShardDecision = {
  /** Start recording these, in this order. */
  open: number[];
  /** Close these: nobody relies on them. */
  close: number[];
  /** Try to release these: others seem to have covered them long enough, which must be confirmed first. */
  release: number[];
  /** Since when others have covered each shard that this ingestor should not keep. */
  relievedSinceMs: Map<number, number>;
};

/**
 * Decides what an ingestor does with its shards, from the plan, its share, what it records, and what the others announce.
 *
 * The ingestor opens and keeps the shards of its share. It also keeps any other shard until enough others have covered
 * that shard for the overlap and lack no first book that has arrived here. Then it tries to release the shard; or simply
 * closes it, if it does not cover the shard itself and therefore nobody relies on it. A shard without a single book is
 * closed once others have waited in vain, too. Nothing is released while the broker is away (except by a leaving ingestor
 * that knows of no others) or while the connections are paused.
 */
export function decideShards(o: {
  nowMs: number;
  /** The version of each shard of the plan. */
  plan: ReadonlyMap<number, number>;
  share: Pick<OwnShare, 'assigned' | 'required'>;
  own: ReadonlyMap<number, ShardService>;
  /** The tokens of a shard whose first book has arrived here. */
  coveredTokens: (shard: number) => ReadonlySet<string>;
  /** Own shards that have left the plan and are kept for a while, because their tokens are in other shards now. */
  departing: ReadonlySet<number>;
  others: Presences;
  isConnected: boolean;
  /** A full publishing queue has paused the connections: what has arrived on them is not recorded yet. */
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
    // There is nothing to hand over of a shard that is not covered.
    (o.isConnected && service.state === 'covered' ? decision.release : decision.close).push(shard);
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
