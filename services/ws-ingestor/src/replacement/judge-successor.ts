import { lacksNothingOf } from './lacks-nothing-of.ts';

/** How far a successor has come. */
export type SuccessorProgress = {
  nowMs: number;
  startedAtMs: number;
  /** When its socket opened; null while it has none. */
  openedAtMs: number | null;
  /** Tokens that are to be recorded. */
  wanted: ReadonlySet<string>;
  /** Tokens whose book has come: on the old connection, and on the successor. */
  coveredByOld: ReadonlySet<string>;
  covered: ReadonlySet<string>;
  /** The old connection is thought to be dead: what it has covered does not speak for it. */
  isOldStalled: boolean;
  /** How long to wait for the socket, and then for the books. */
  firstBookTimeoutMs: number;
};

/**
 * Whether a successor may take over: when all tokens have their book on it. Where some have none in time, it may if the
 * old connection has none of those either; else it has failed and the old one is kept. For a stalled one there is nothing
 * to keep: a successor that hears anything at all is better. One without a single book is itself dead.
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
