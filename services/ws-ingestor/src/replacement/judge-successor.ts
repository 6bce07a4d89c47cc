import { lacksNothingOf } from './lacks-nothing-of.ts';

/** The progress of a successor. */
export type SuccessorProgress = {
  nowMs: number;
  startedAtMs: number;
  /** When its socket opened; null while it has none. */
  openedAtMs: number | null;
  /** The tokens to record. */
  wanted: ReadonlySet<string>;
  /** Tokens whose first book has arrived: on the old connection, and on the successor. */
  coveredByOld: ReadonlySet<string>;
  covered: ReadonlySet<string>;
  /** Whether the old connection seems dead, so that what it has covered does not count. */
  isOldStalled: boolean;
  /** How long to wait for the socket, and then again for the books. */
  firstBookTimeoutMs: number;
};

/**
 * Whether a successor may take over. It may when all tokens have their book on it. If some books do not arrive in time, it
 * may if the old connection lacks the same ones; otherwise it has failed, and the old connection stays. A stalled
 * connection is not worth keeping, so a successor with any book at all replaces it. A successor without a single book is
 * dead itself.
 */
export function judgeSuccessor(o: SuccessorProgress): 'wait' | 'takes over' | 'failed' {
  if (o.openedAtMs === null) return o.nowMs - o.startedAtMs >= o.firstBookTimeoutMs ? 'failed' : 'wait';
  const lacking = [...o.wanted].filter((tokenId) => !o.covered.has(tokenId));
  if (lacking.length === 0) return 'takes over';
  const isInTime = o.nowMs - o.openedAtMs < o.firstBookTimeoutMs;
  if (o.covered.size === 0) return isInTime ? 'wait' : 'failed';
  const isAsGood = lacksNothingOf(o.coveredByOld, lacking);
  if (isInTime) return o.isOldStalled && isAsGood && o.coveredByOld.size > 0 ? 'takes over' : 'wait';
  return isAsGood || o.isOldStalled ? 'takes over' : 'failed';
}
