import { storableJson } from '@polytape/types';
import { z } from 'zod';
import { plainDecimal } from '../plain-decimal.ts';
import { camelCased, flag, given, keptText, listed, TEXT_LENGTH_MAX, text, time } from './gamma-fields.ts';

/** Gamma's fields about the settlement of a market. Input of `inferWinner`. */
export type GammaSettlement = {
  closed: boolean;
  /** When trading ended, by the venue's clock, milliseconds since the epoch. */
  closedAtMs: number | null;
  /** When the oracle finished (`umaEndDate`), milliseconds since the epoch. In every recorded market that is the second of the closing. */
  umaEndAtMs: number | null;
  /** Canonical decimal strings in the order of the outcomes: the last prices while a market is open, and for a while after. */
  outcomePrices: [string, string] | null;
  /** Lower case: `requested`, `proposed`, `disputed`, `resolved` or `settled`; null without one. */
  umaResolutionStatus: string | null;
  automaticallyResolved: boolean;
  /** `scalar` in the markets of 2020 that paid a fraction to each side; later markets have none. */
  marketType: string | null;
  /** The source fields, names in camelCase, values as received. An overlong value is kept as cut JSON text. */
  raw: Record<string, unknown>;
};

/**
 * Malformed fields count as missing.
 *
 * @throws {RangeError} A field is nested deeper than the stack allows.
 */
export function readGammaSettlement(raw: unknown): GammaSettlement {
  const fields = camelCased(raw);
  const parsed = settlementSchema.safeParse(fields);
  const { data } = parsed.success ? parsed : settlementSchema.safeParse({});
  const evidence = typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {};
  return {
    closed: data?.closed ?? false,
    closedAtMs: data?.closedTime ?? null,
    umaEndAtMs: data?.umaEndDate ?? null,
    outcomePrices: pairOfPrices(data?.outcomePrices),
    umaResolutionStatus: data?.umaResolutionStatus?.trim().toLowerCase() ?? null,
    automaticallyResolved: data?.automaticallyResolved ?? false,
    marketType: data?.marketType ?? null,
    raw: Object.fromEntries(
      EVIDENCE.flatMap((name) => (evidence[name] === undefined ? [] : [[name, kept(evidence[name])]])),
    ),
  };
}

function kept(value: unknown): unknown {
  const json = JSON.stringify(value);
  return json.length <= TEXT_LENGTH_MAX ? storableJson(value) : keptText(json);
}

/** Exactly two decimals, or null. */
function pairOfPrices(value: unknown): [string, string] | null {
  const list = listed(value);
  if (!Array.isArray(list) || list.length !== 2) return null;
  const [first, second] = list.map(plainDecimal);
  return first == null || second == null ? null : [first, second];
}

const settlementSchema = z.looseObject({
  closed: flag,
  closedTime: time,
  umaEndDate: time,
  outcomePrices: given,
  umaResolutionStatus: text,
  automaticallyResolved: flag,
  marketType: text,
});

const EVIDENCE = [
  'closed',
  'closedTime',
  'umaEndDate',
  'outcomes',
  'outcomePrices',
  'umaResolutionStatus',
  'umaResolutionStatuses',
  'automaticallyResolved',
  'resolvedBy',
  'resolutionSource',
  'marketType',
  'updatedAt',
];
