/**
 * How a market paid out: all to outcome 0 or 1, half to each, in other shares, or nothing known, as in old voids, which
 * closed for good and paid `0` to both.
 */
export type OutcomeKind = 'win0' | 'win1' | 'split' | 'other' | 'unknown';

/** Source of a market's resolution. */
export type ResolutionMethod =
  /** Gamma: closed, `umaResolutionStatus` and exact prices. */
  | 'gamma'
  /** Data API, `/v2/resolutions`: the payouts. */
  | 'data_api'
  /** Market channel, `market_resolved`. */
  | 'market_resolved';

/** The result of a resolved market. */
export type Settlement = {
  outcome: OutcomeKind;
  /** Null when neither or both outcomes won. */
  winningTokenId: string | null;
  /** Payout of a share of each outcome, decimal strings in collateral; null when the venue gave none. */
  payouts: [string, string] | null;
};

/**
 * State of a market's resolution, part of its document; null there while it trades and nothing was proposed.
 *
 * proposed <-> disputed -> resolved -> reopened -> proposed …; a market may be resolved at once.
 */
export type MarketResolution = {
  state: 'proposed' | 'disputed' | 'resolved' | 'reopened';
  /** Number of the step, from 1. */
  step: number;
  /** Of a resolved market. */
  settlement: Settlement | null;
  method: ResolutionMethod;
  /** Time of the step by the venue's clock, milliseconds since the epoch; null when the venue gave none. */
  exchangeAtMs: number | null;
  seenAtMs: number;
  /** Our clock when it was last seen open again: earlier resolutions no longer count. */
  reopenedAtMs?: number;
};

/** A step of a resolution; the body of a message on `pm.event.<conditionId>.<type>`, kept forever. */
export type ResolutionStep = {
  type: 'resolution_proposed' | 'resolution_disputed' | 'resolution_resolved' | 'resolution_reopened';
  conditionId: string;
  step: number;
  settlement: Settlement | null;
  method: ResolutionMethod;
  exchangeAtMs: number | null;
  seenAtMs: number;
  /** The venue's fields that led to it: names and values as received. */
  evidence: Record<string, unknown>;
};

/**
 * The message id of a step. When a leader dies between the step and the market's document, its successor finds the step in
 * the stream and continues from it.
 */
export function resolutionMessageId({ conditionId, step, type }: ResolutionStep): string {
  return `${type}:${conditionId}:${step}`;
}
