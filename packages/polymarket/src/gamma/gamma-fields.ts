import { storableText } from '@polytape/types';
import { z } from 'zod';
import { plainDecimal } from '../plain-decimal.ts';
import { venueTimeMs } from '../venue-time.ts';

/** Renames `order_min_size` to `orderMinSize`. If both are present, the venue's usual camelCase counts. */
export function camelCased(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name.includes('_')) fields[name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())] = value;
  }
  return Object.assign(fields, raw);
}

/** Any value, or none. */
export const given = z.unknown().optional();

/** Text or null. Empty text is null, and overlong text is cut. */
export const text = z
  .union([z.string(), z.number()])
  .nullish()
  .catch(null)
  .transform((value) => (value === null || value === undefined || value === '' ? null : keptText(String(value))));

export const flag = given.transform((value) => value === true || value === 'true');

export const time = given.transform(venueTimeMs);

export const decimal = given.transform(plainDecimal);

/** True, false, or null if unknown. */
export const optionalFlag = given.transform((value) => {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
});

/** A list, or a list written as a JSON string; empty without one. */
export const texts = z.preprocess(listed, z.array(z.string().transform((value) => keptText(value))));

/** Cuts long texts: a document of many would exceed the maximum size of a message. */
export function keptText(value: string, lengthMax = TEXT_LENGTH_MAX): string {
  return storableText(value.length <= lengthMax ? value : `${value.slice(0, lengthMax - 1)}…`);
}

/** The longest text seen, a description that is not kept, has a few thousand characters. */
export const TEXT_LENGTH_MAX = 10_000;

/** The field's list, parsed if it is written as a JSON string. */
export function listed(value: unknown): unknown {
  return typeof value === 'string' ? parsedList(value) : (value ?? []);
}

function parsedList(json: string): unknown {
  if (json.trim() === '') return [];
  try {
    return JSON.parse(json) ?? [];
  } catch {
    // Not a list: the schema reports it with the field's name.
    return json;
  }
}

/** An optional list. Malformed items are dropped, so that they do not cost the market. */
export function decoration<T extends z.ZodType>(item: T) {
  return z
    .array(item.nullable().catch(null))
    .nullish()
    .catch(null)
    .transform((items) => (items ?? []).filter((entry) => entry !== null));
}
