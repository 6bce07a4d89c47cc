/** Why a connection is replaced, most urgent first. */
export const RECYCLE_REASONS = ['operator', 'stalled', 'missing_books', 'pollution', 'age'] as const;
export type RecycleReason = (typeof RECYCLE_REASONS)[number];

export type RecycleLimits = {
  /** A connection is replaced when this share of its tokens has left it: 0 to 1. */
  pollutionMax: number;
  /** Minimum age of a connection that is replaced for its pollution. */
  ageMsMin: number;
  ageMsMax: number;
};

/** The condition of an open connection. */
export type ConnectionCondition = {
  ageMs: number;
  /** Share of the tokens ever subscribed on it that have left it: 0 to 1. */
  pollution: number;
  /** Time since its last data, and the limit for that. */
  silentMs: number;
  silentMsMax: number;
  /** Whether tokens wait in vain for their first book and have not been tried on a fresh connection. */
  hasUntriedMissing: boolean;
  isCommanded: boolean;
  /** Random, in [0, 1), constant for this connection, so that connections opened together are not replaced together. */
  chance: number;
};

/** Why the connection should be replaced now, or null. */
export function recycleReason(o: ConnectionCondition, limits: RecycleLimits): RecycleReason | null {
  if (o.isCommanded) return 'operator';
  if (o.silentMs >= o.silentMsMax) return 'stalled';
  if (o.hasUntriedMissing) return 'missing_books';
  if (o.pollution >= limits.pollutionMax && o.ageMs >= limits.ageMsMin) return 'pollution';
  return o.ageMs >= limits.ageMsMax * (1 - AGE_SPREAD * o.chance) ? 'age' : null;
}

/** Spreads the replacement of connections that were opened within minutes over hours. */
const AGE_SPREAD = 0.2;
