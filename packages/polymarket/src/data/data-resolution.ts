import { canonicalDecimal, isDecimal, storableJson } from '@polytape/types';
import { conditionId, FieldError, fields, isAbsent, list, text } from '../channel/event-fields.ts';
import { venueTimeMs } from '../venue-time.ts';

/**
 * The state of a market's resolution: a row of the Data API's `/v2/resolutions`. There are two kinds of rows: those of a
 * question have the oracle's price, those of a condition the payouts. Input of `inferWinner`.
 */
export type DataResolution = {
  conditionId: string;
  /** Lower case: `initialized`, `posed`, `proposed`, `challenged`, `reproposed`, `disputed`, `resolved`, `active`, `arbitration`. */
  status: string;
  /** What a share of each outcome pays, canonical decimal strings in collateral; null while unknown. */
  payouts: [string, string] | null;
  /** The oracle's answer for the first outcome, `1`, `0` or `0.5`; null without one, which the venue writes as `69`. */
  price: string | null;
  /** The venue's clock, milliseconds since the epoch. */
  resolvedAtMs: number | null;
  updatedAtMs: number | null;
  /** The row as received, with fields that are not read here: proposed prices, disputes, reporters. */
  raw: Record<string, unknown>;
};

/** @throws {FieldError} The row is malformed. */
export function readDataResolution(value: unknown): DataResolution {
  const row = fields(value, 'the row');
  return {
    conditionId: conditionId(row.condition_id, 'condition_id'),
    status: text(row.status, 'status').trim().toLowerCase(),
    payouts: payouts(row.payouts),
    price: oraclePrice(row.price),
    resolvedAtMs: time(row.resolved_at),
    updatedAtMs: time(row.last_update_timestamp),
    raw: storableJson(row) as Record<string, unknown>,
  };
}

/** Two whole numbers in millionths of the collateral that add up to one share, or nothing at all. */
function payouts(value: unknown): [string, string] | null {
  if (isAbsent(value) || (Array.isArray(value) && value.length === 0)) return null;
  const [first, second] = list(value, 'payouts', 2).map(wholeNumber);
  if (first == null || second == null) {
    throw new FieldError(`payouts are ${JSON.stringify(value)}, not two whole numbers`);
  }
  if (first + second !== MICRO && first + second !== 0) {
    throw new FieldError(`payouts are ${first} and ${second}, together neither ${MICRO} nor 0`);
  }
  return [collateral(first), collateral(second)];
}

function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : null;
}

function collateral(micro: number): string {
  const digits = String(micro).padStart(7, '0');
  return canonicalDecimal(`${digits.slice(0, -6)}.${digits.slice(-6)}`);
}

/**
 * The venue writes the same three answers plainly (recorded), in millionths (used in the tests of its own client), and in
 * units of 1e-18 as on the chain. Anything else, above all `69`, means no answer.
 */
function oraclePrice(value: unknown): string | null {
  const written = typeof value === 'number' ? String(value) : value;
  return isDecimal(written) ? (ORACLE_PRICES[canonicalDecimal(written)] ?? null) : null;
}

/** Epoch seconds as text in rows of a question, RFC 3339 in those of a condition. */
function time(value: unknown): number | null {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^[1-9]\d{9}$/.test(written)) return Number(written) * 1_000;
  return venueTimeMs(written);
}

/** One unit of collateral in the units of payouts. */
const MICRO = 1_000_000;

const ORACLE_PRICES: Record<string, string> = {
  '0': '0',
  '0.5': '0.5',
  '1': '1',
  '500000': '0.5',
  '1000000': '1',
  '500000000000000000': '0.5',
  '1000000000000000000': '1',
};
