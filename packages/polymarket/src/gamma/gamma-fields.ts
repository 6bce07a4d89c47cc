import { storableText } from '@polytape/types';
import { z } from 'zod';
import { plainDecimal } from '../plain-decimal.ts';
import { venueTimeMs } from '../venue-time.ts';

/** `order_min_size` and `orderMinSize` are one field; given both, the venue's usual camelCase counts. */
export function camelCased(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name.includes('_')) fields[name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())] = value;
  }
  return Object.assign(fields, raw);
}

/** Anything, or nothing. */
export const given = z.unknown().optional();

/** Text or null; empty text is none, and what is longer than any that people read is cut. */
export const text = z
  .union([z.string(), z.number()])
  .nullish()
  .catch(null)
  .transform((value) => (value === null || value === undefined || value === '' ? null : keptText(String(value))));

export const flag = given.transform((value) => value === true || value === 'true');

export const time = given.transform(venueTimeMs);

export const decimal = given.transform(plainDecimal);

/** Whether it is so; null where the venue did not say. */
export const optionalFlag = given.transform((value) => {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
});

/** A list, or a list written as a JSON string; without it, empty. */
export const texts = z.preprocess(listed, z.array(z.string().transform((value) => keptText(value))));

/** A document of many long texts would be larger than a message may be. */
export function keptText(value: string, lengthMax = TEXT_LENGTH_MAX): string {
  return storableText(value.length <= lengthMax ? value : `${value.slice(0, lengthMax - 1)}…`);
}

/** The longest seen, a description that is not kept, has some thousand characters. */
export const TEXT_LENGTH_MAX = 10_000;

/** The list that a field is, also where it is written as a JSON string. */
export function listed(value: unknown): unknown {
  return typeof value === 'string' ? parsedList(value) : (value ?? []);
}

function parsedList(json: string): unknown {
  if (json.trim() === '') return [];
  try {
    return JSON.parse(json) ?? [];
  } catch {
    // Whatever it is, it is no list: the schema says so, with the field's name.
    return json;
  }
}

/** Decoration of a market, which must not cost the market: what does not fit is left out. */
export function decoration<T extends z.ZodType>(item: T) {
  return z
    .array(item.nullable().catch(null))
    .nullish()
    .catch(null)
    .transform((items) => (items ?? []).filter((entry) => entry !== null));
}
