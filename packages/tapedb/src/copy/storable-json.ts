import { storableText } from '@polytape/types';
import { UnstorableValueError } from '../errors.ts';

/**
 * A value of JSON that a jsonb takes, for what only people read: the texts in it, names too, are as `storableText` makes
 * them.
 *
 * @throws {UnstorableValueError} It is nested deeper than the server, or this, could follow.
 */
export function storableJson(field: string, value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw new UnstorableValueError(field, `nested deeper than ${DEPTH_MAX}`);
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => storableJson(field, element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, element]) => [storableText(name), storableJson(field, element, depth + 1)]),
  );
}

/** The server's own limit is a matter of its stack, some thousands; the venue nests two or three deep. */
const DEPTH_MAX = 64;
