/**
 * Text that every store accepts: PostgreSQL refuses NUL, and half a surrogate pair has no UTF-8. Both become U+FFFD. Only for
 * texts that people read; ids and decimals are checked instead, because two different ones must never become one.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Parsed JSON whose texts and names every store accepts. Replaces what is nested deeper than `depthMax` by null. */
export function storableJson(value: unknown, depthMax = VENUE_DEPTH_MAX): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depthMax === 0) return null;
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depthMax - 1));
  const members = Object.entries(value).map(([name, item]) => [storableText(name), storableJson(item, depthMax - 1)]);
  return Object.fromEntries(members);
}

/** Deeper than any answer of the venue. */
const VENUE_DEPTH_MAX = 8;
