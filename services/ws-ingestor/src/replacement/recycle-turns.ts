import { RECYCLE_REASONS, type RecycleReason } from './recycle-reason.ts';

/** A shard that wants its connection replaced. */
export type RecycleWish = {
  reason: RecycleReason;
  /** Whether the last replacement for this reason failed. */
  isRetry: boolean;
  /** When the last replacement began, for whatever reason. */
  triedAtMs: number;
};

/**
 * The wishes in the order of their turns: operators' requests first; then wishes that have not failed before, most urgent
 * reason first; then the others, the one tried longest ago first, so that repeated failures do not block the rest.
 */
export function recycleTurns<T extends RecycleWish>(wishes: readonly T[]): T[] {
  return wishes.toSorted((a, b) => rank(a) - rank(b) || a.triedAtMs - b.triedAtMs);
}

function rank({ reason, isRetry }: RecycleWish): number {
  return reason !== 'operator' && isRetry ? RECYCLE_REASONS.length : RECYCLE_REASONS.indexOf(reason);
}
