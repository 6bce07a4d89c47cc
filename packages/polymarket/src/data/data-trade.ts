import type { Side } from '@polytape/types';
import { canonicalConditionId } from '../canonical-condition-id.ts';
import {
  conditionId,
  FieldError,
  type Fields,
  fields,
  isAbsent,
  optionalText,
  side,
  tokenId,
  transactionHash,
} from '../channel/event-fields.ts';
import { plainDecimal } from '../plain-decimal.ts';

/**
 * A row of the Data API's trades: one taker's order in one transaction, over all its makers. So the price may be an
 * average off every tick, and a row is not one trade of the market channel; they are compared by transaction and token.
 */
export type DataTrade = {
  conditionId: string;
  tokenId: string;
  /** The taker's, as long as takers alone were asked for. */
  side: Side;
  /** Canonical decimal strings of what the venue writes as JSON numbers. */
  price: string;
  size: string;
  /** Time of the block, milliseconds since the epoch in whole seconds. */
  exchangeAtMs: number;
  transactionHash: string | null;
  outcome: string | null;
  /** Null where the venue does not know it, which it writes 999. */
  outcomeIndex: number | null;
  wallet: string | null;
};

/** Reads a row of `/v2/trades`, or of version 1, which spells in camelCase. @throws {FieldError} It is none. */
export function readDataTrade(value: unknown): DataTrade {
  const row = fields(value, 'the row');
  const either = (name: string, old: string) => row[name] ?? row[old];
  const token = tokenId(either('token_id', 'asset'), 'token_id');
  return {
    conditionId: canonicalConditionId(conditionId(either('condition_id', 'conditionId'), 'condition_id'), token),
    tokenId: token,
    side: side(row.side, 'side'),
    price: figure(row, 'price'),
    size: figure(row, 'size'),
    exchangeAtMs: blockTimeMs(row.timestamp),
    transactionHash: transactionHash(either('transaction_hash', 'transactionHash'), 'transaction_hash'),
    outcome: optionalText(row.outcome, 'outcome'),
    outcomeIndex: outcomeIndex(either('outcome_index', 'outcomeIndex')),
    wallet: optionalText(either('proxy_wallet', 'proxyWallet'), 'proxy_wallet'),
  };
}

function figure(row: Fields, name: string): string {
  const decimal = plainDecimal(row[name]);
  if (decimal === null) throw new FieldError(`${name} is ${JSON.stringify(row[name]) ?? 'missing'}, not a decimal`);
  return decimal;
}

/** Seconds: milliseconds here would misdate a trade by ages. */
function blockTimeMs(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1e9 && value < 1e10) return value * 1_000;
  throw new FieldError(`timestamp is ${JSON.stringify(value) ?? 'missing'}, not a time in seconds`);
}

function outcomeIndex(value: unknown): number | null {
  if (isAbsent(value) || value === UNKNOWN_OUTCOME) return null;
  if (value === 0 || value === 1) return value;
  throw new FieldError(`outcome_index is ${JSON.stringify(value)}, not 0, 1 or ${UNKNOWN_OUTCOME}`);
}

const UNKNOWN_OUTCOME = 999;
