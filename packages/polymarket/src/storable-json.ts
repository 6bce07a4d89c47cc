import { storableText } from '@polytape/types';

/** Parsed JSON with all its texts, names included, such as every store takes. What lies deeper than any answer of the venue is left out. */
export function storableJson(value: unknown, depthMax = STORED_DEPTH_MAX): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depthMax === 0) return null;
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depthMax - 1));
  const members = Object.entries(value).map(([name, item]) => [storableText(name), storableJson(item, depthMax - 1)]);
  return Object.fromEntries(members);
}

const STORED_DEPTH_MAX = 8;
