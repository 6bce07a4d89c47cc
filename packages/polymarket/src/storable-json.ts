import { storableText } from '@polytape/types';

/** Parsed JSON whose texts and names every store accepts. Cuts off what is nested deeper than any answer of the venue. */
export function storableJson(value: unknown, depthMax = STORED_DEPTH_MAX): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depthMax === 0) return null;
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depthMax - 1));
  const members = Object.entries(value).map(([name, item]) => [storableText(name), storableJson(item, depthMax - 1)]);
  return Object.fromEntries(members);
}

const STORED_DEPTH_MAX = 8;
