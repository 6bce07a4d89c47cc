/**
 * How a market paid out: all to outcome 0 or 1, half to each, in other shares, or closed for good without telling (a
 * void of old, `0` to both).
 */
export type OutcomeKind = 'win0' | 'win1' | 'split' | 'other' | 'unknown';

/** Where what we know of a market's resolution comes from. */
export type ResolutionMethod =
  /** Gamma: closed, `umaResolutionStatus` and exact prices. */
  | 'gamma'
  /** Data API, `/v2/resolutions`: the payouts. */
  | 'data_api'
  /** Market channel, `market_resolved`. */
  | 'market_resolved';

/** What a market was resolved to. */
export type Settlement = {
  outcome: OutcomeKind;
  /** Null where nobody or both won. */
  winningTokenId: string | null;
  /** What a share of each outcome pays, decimal strings in collateral; null where the venue did not say. */
  payouts: [string, string] | null;
};

/**
 * Where a market stands on its way to be settled, in its document; null there while it trades and nothing was proposed.
 *
 * proposed <-> disputed -> resolved -> reopened -> proposed …; a market may be resolved at once.
 */
export type MarketResolution = {
  state: 'proposed' | 'disputed' | 'resolved' | 'reopened';
  /** Counts the steps of this market, from 1. */
  step: number;
  /** Of a resolved one. */
  settlement: Settlement | null;
  method: ResolutionMethod;
  /** When that step was, by the venue's clock, milliseconds since the epoch; null where it did not say. */
  exchangeAtMs: number | null;
  seenAtMs: number;
  /** Our clock when it was last seen open again: what was resolved before that does not count any more. */
  reopenedAtMs?: number;
};

/** One step; the body of a message on `pm.event.<conditionId>.<type>`, kept for ever. */
export type ResolutionStep = {
  type: 'resolution_proposed' | 'resolution_disputed' | 'resolution_resolved' | 'resolution_reopened';
  conditionId: string;
  step: number;
  settlement: Settlement | null;
  method: ResolutionMethod;
  exchangeAtMs: number | null;
  seenAtMs: number;
  /** The venue's own words that led to it: names and values as received. */
  evidence: Record<string, unknown>;
};

/**
 * What the broker knows the step by. A leader that died between this and the market's document is followed by one that
 * finds the step in the stream and goes on from it.
 */
export function resolutionMessageId({ conditionId, step, type }: ResolutionStep): string {
  return `${type}:${conditionId}:${step}`;
}
