/**
 * Text that every store takes: PostgreSQL refuses a NUL, and half a surrogate pair has no UTF-8. Both are replaced by
 * U+FFFD. For titles and the like; ids and decimals are checked instead, and never changed.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

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

/** One printable line of at most `lengthMax` characters, for reasons and log sentences. */
export function excerpt(text: string, lengthMax: number): string {
  const line = storableText(text.slice(0, lengthMax + 1)).replace(/[\p{Cc}\s]+/gu, ' ');
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1).toWellFormed()}…`;
}
