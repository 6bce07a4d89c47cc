import { canonicalDecimal, isDecimal } from '@polytape/types';
import { conditionId, FieldError, fields, isAbsent, list, text } from '../channel/event-fields.ts';
import { storableJson } from '../storable-json.ts';
import { venueTimeMs } from '../venue-time.ts';

/**
 * Where a market's resolution stands, a row of the Data API's `/v2/resolutions`. Rows come in two grains: those of a
 * question carry the oracle's prices, those of a condition the payouts. `inferWinner` reads it.
 */
export type DataResolution = {
  conditionId: string;
  /** Lower case: `initialized`, `posed`, `proposed`, `challenged`, `reproposed`, `disputed`, `resolved`, `active`, `arbitration`. */
  status: string;
  /** What a share of each outcome pays, canonical decimal strings in collateral; null while the venue does not say. */
  payouts: [string, string] | null;
  /** The oracle's answer for the first outcome, `1`, `0` or `0.5`; null where there is none, which the venue writes `69`. */
  price: string | null;
  /** The venue's clock, milliseconds since the epoch. */
  resolvedAtMs: number | null;
  updatedAtMs: number | null;
  /** The row as received: proposed prices, disputes and reporters stand here alone, and must not cost the row. */
  raw: Record<string, unknown>;
};

/** @throws {FieldError} It is no such row. */
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

/** Two whole numbers of a millionth of the collateral, which together are one share, or nothing at all. */
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
 * The same three answers are written plainly (recorded), in millionths (the venue's own client is tested with that), and
 * in 10 to the power of minus 18, as the chain has them. Anything else, above all `69`, is no answer.
 */
function oraclePrice(value: unknown): string | null {
  const written = typeof value === 'number' ? String(value) : value;
  return isDecimal(written) ? (ORACLE_PRICES[canonicalDecimal(written)] ?? null) : null;
}

/** Epoch seconds as text on rows of a question, RFC 3339 on those of a condition. */
function time(value: unknown): number | null {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^[1-9]\d{9}$/.test(written)) return Number(written) * 1_000;
  return venueTimeMs(written);
}

/** One share of collateral in the units of payouts. */
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
