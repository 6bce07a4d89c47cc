import { FieldError } from '../channel/event-fields.ts';
import { excerpt } from '../excerpt.ts';
import { storableJson } from '../storable-json.ts';

/** A part of an answer that could not be understood; its neighbours were. */
export type BadRow = {
  /** The token or condition that it is about; null where that cannot be told. */
  id: string | null;
  /** In words, for the operator. */
  reason: string;
  /** As received, cut where it is long. */
  raw: string;
};

/**
 * What `read` makes of a part, or why it cannot. A `FieldError` and a `RangeError` (nested deeper than the stack allows)
 * are the part's fault; anything else is ours and thrown on.
 */
export function readOrBad<Row>(
  raw: unknown,
  id: string | null,
  read: (raw: unknown) => Row,
): { row: Row } | { bad: BadRow } {
  try {
    return { row: read(raw) };
  } catch (error) {
    if (error instanceof RangeError) return { bad: badRow(raw, id, 'nested too deeply') };
    if (!(error instanceof FieldError)) throw error;
    return { bad: badRow(raw, id, error.message) };
  }
}

export function badRow(raw: unknown, id: string | null, reason: string): BadRow {
  return { id, reason, raw: excerpt(JSON.stringify(storableJson(raw)) ?? 'undefined', RAW_LENGTH_MAX) };
}

const RAW_LENGTH_MAX = 500;
