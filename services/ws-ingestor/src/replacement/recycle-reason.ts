/** Why a connection is replaced, the most urgent first. */
export const RECYCLE_REASONS = ['operator', 'stalled', 'missing_books', 'pollution', 'age'] as const;
export type RecycleReason = (typeof RECYCLE_REASONS)[number];

export type RecycleLimits = {
  /** Share of a connection's tokens that left it, 0 to 1, from which on it is replaced. */
  pollutionMax: number;
  /** No connection is replaced for its pollution before it is so old. */
  ageMsMin: number;
  ageMsMax: number;
};

/** What there is to know of a connection that is open. */
export type ConnectionCondition = {
  ageMs: number;
  /** Tokens that left it, over all that were ever subscribed on it: 0 to 1. */
  pollution: number;
  /** Since its last data, and how long that may last. */
  silentMs: number;
  silentMsMax: number;
  /** Whether tokens wait for their first book in vain for which no fresh connection has been tried. */
  hasUntriedMissing: boolean;
  isCommanded: boolean;
  /** In [0, 1), of this connection for good: so that connections that were opened together do not grow old together. */
  chance: number;
};

/** Why the connection must be replaced now, or null. */
export function recycleReason(o: ConnectionCondition, limits: RecycleLimits): RecycleReason | null {
  if (o.isCommanded) return 'operator';
  if (o.silentMs >= o.silentMsMax) return 'stalled';
  if (o.hasUntriedMissing) return 'missing_books';
  if (o.pollution >= limits.pollutionMax && o.ageMs >= limits.ageMsMin) return 'pollution';
  return o.ageMs >= limits.ageMsMax * (1 - AGE_SPREAD * o.chance) ? 'age' : null;
}

/** Connections that were opened within minutes are replaced over hours. */
const AGE_SPREAD = 0.2;
