import { canonicalDecimal, midpointOf, type OutcomeKind, type Settlement } from '@polytape/types';
import type { DataResolution } from './data/data-resolution.ts';
import type { GammaSettlement } from './gamma/gamma-settlement.ts';

/** What one source of the venue reports; the fields show which source it is. */
export type WinnerEvidence =
  | Pick<
      GammaSettlement,
      'closed' | 'closedAtMs' | 'outcomePrices' | 'umaResolutionStatus' | 'automaticallyResolved' | 'marketType'
    >
  | Pick<DataResolution, 'status' | 'payouts' | 'price'>
  /** The market channel's `market_resolved`. */
  | { winningTokenId: string | null };

/**
 * How a market was settled according to one source, or null while it is not settled. Nothing is guessed: a price near 1 is
 * never a winner. `tokenIds` are the market's, in the order of its outcomes.
 *
 * Order of trust if sources differ: Data API, `market_resolved`, Gamma. What each proves:
 *
 * - **Data API**: `status` is `resolved`. The payouts count; without them the oracle's price counts, 1, 0 or 0.5 for the
 *   first outcome. Recorded: one row with price 0. According to the venue's documentation, payouts are in the order of
 *   Gamma's outcomes. Two payouts of 0 are `unknown`; a row `derived` from its siblings counts like a reported one.
 * - **`market_resolved`**: the token that it names. Without a token it proves nothing: how a split looks there is unknown.
 * - **Gamma**: closed, and either the oracle's status is `resolved` or `settled`, or there is no status at all and
 *   `automaticallyResolved`. Prices of exactly 1 and 0 show the winner (recorded: 149 markets). Until Gamma has written
 *   the final prices it shows the last ones, even after the status. So 0.9995 proves nothing, and 0.5 to both, which a
 *   market that never traded shows, is a split only if the oracle's own status is final; that Gamma shows splits like this
 *   is likely, but was never recorded. No last prices are 0 to both: with a final status these are `unknown`. Fractions
 *   count only in a market that calls itself scalar. A pending status (`proposed`, `disputed`) proves that nothing is
 *   final, whatever the other fields are.
 * - **Gamma, before 2022**: the oracle left no status. Two such markets were recorded, 0 to both (`unknown`) and a scalar
 *   one that paid a fraction to each side (`other`). Exact prices of 1 and 0 count there as well. A later market with
 *   neither a status nor `automaticallyResolved` is left to the other sources (recorded: one, of 2026).
 */
export function inferWinner(evidence: WinnerEvidence, tokenIds: readonly [string, string]): Settlement | null {
  const payouts = payoutsOf(evidence, tokenIds);
  return payouts === null ? null : settlementOf(payouts, tokenIds);
}

type Payouts = readonly [string, string];

function payoutsOf(evidence: WinnerEvidence, tokenIds: readonly [string, string]): Payouts | null {
  if ('outcomePrices' in evidence) return payoutsOfGamma(evidence);
  if ('payouts' in evidence) return payoutsOfData(evidence);
  return payoutsOfWinner(evidence.winningTokenId, tokenIds);
}

type GammaEvidence = Extract<WinnerEvidence, { outcomePrices: unknown }>;

function payoutsOfGamma(evidence: GammaEvidence): Payouts | null {
  const { closed, outcomePrices } = evidence;
  const finality = finalityOf(evidence);
  if (!closed || outcomePrices === null || finality === null) return null;
  const payouts: Payouts = [canonicalDecimal(outcomePrices[0]), canonicalDecimal(outcomePrices[1])];
  switch (kindOf(payouts)) {
    case 'win0':
    case 'win1':
      return payouts;
    case 'split':
      return finality === 'reported' ? payouts : null;
    case 'unknown':
      return finality === 'automatic' ? null : payouts;
    case 'other':
      return finality !== 'automatic' && evidence.marketType === 'scalar' ? payouts : null;
    case null:
      return null;
  }
}

/** Why the prices are final; null when they are not. */
function finalityOf(evidence: GammaEvidence): 'reported' | 'automatic' | 'old' | null {
  const { umaResolutionStatus: status, automaticallyResolved, closedAtMs } = evidence;
  if (status !== null) return status === 'resolved' || status === 'settled' ? 'reported' : null;
  if (automaticallyResolved) return 'automatic';
  return closedAtMs !== null && closedAtMs < STATUS_SINCE_MS ? 'old' : null;
}

function payoutsOfData({ status, payouts, price }: Extract<WinnerEvidence, { payouts: unknown }>): Payouts | null {
  if (status !== 'resolved') return null;
  const paid: Payouts | null = payouts && [canonicalDecimal(payouts[0]), canonicalDecimal(payouts[1])];
  const priced = price === null ? null : (ORACLE_PAYOUTS[canonicalDecimal(price)] ?? null);
  // Payouts of 0 beside the oracle's answer would be an incomplete row.
  return paid === null || kindOf(paid) === 'unknown' ? (priced ?? paid) : paid;
}

function payoutsOfWinner(winner: string | null, [first, second]: readonly [string, string]): Payouts | null {
  if (winner === null || first === second) return null;
  if (winner === first) return ['1', '0'];
  return winner === second ? ['0', '1'] : null;
}

function settlementOf(payouts: Payouts, [first, second]: readonly [string, string]): Settlement | null {
  const outcome = kindOf(payouts);
  if (outcome === null) return null;
  const winningTokenId = outcome === 'win0' ? first : outcome === 'win1' ? second : null;
  return { outcome, winningTokenId, payouts: [...payouts] };
}

/** Null for impossible payouts: together two shares pay 1. */
function kindOf([first, second]: Payouts): OutcomeKind | null {
  const kind = KINDS[`${first} ${second}`];
  if (kind !== undefined) return kind;
  return midpointOf(first, second) === '0.5' ? 'other' : null;
}

const KINDS: Record<string, OutcomeKind> = {
  '1 0': 'win0',
  '0 1': 'win1',
  '0.5 0.5': 'split',
  '0 0': 'unknown',
};

/** The payouts for the oracle's price of the first outcome. */
const ORACLE_PAYOUTS: Record<string, Payouts> = { '1': ['1', '0'], '0': ['0', '1'], '0.5': ['0.5', '0.5'] };

/** Before that the venue used its own oracle. Every later market is settled with a status. */
const STATUS_SINCE_MS = Date.UTC(2022, 0, 1);
