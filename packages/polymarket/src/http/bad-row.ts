import { storableJson } from '@polytape/types';
import { FieldError } from '../channel/event-fields.ts';
import { excerpt } from '../excerpt.ts';

/** A malformed part of an answer. Its neighbours are not affected. */
export type BadRow = {
  /** The token or condition that it belongs to; null if unknown. */
  id: string | null;
  /** In words, for the operator. */
  reason: string;
  /** As received, cut if it is long. */
  raw: string;
};

/**
 * Reads a part of an answer. A `FieldError` or a `RangeError` (nested deeper than the stack allows) makes it a bad row; any
 * other error is a bug and is thrown.
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
