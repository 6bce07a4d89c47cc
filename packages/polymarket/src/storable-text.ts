/**
 * Text that every store takes: PostgreSQL refuses a NUL, and half a surrogate pair has no UTF-8. Both are replaced by
 * U+FFFD. For titles and the like; ids and decimals are checked instead, and never changed.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** One printable line of at most `lengthMax` characters, for reasons and log sentences. */
export function excerpt(text: string, lengthMax: number): string {
  const line = storableText(text.slice(0, lengthMax + 1)).replace(/[\p{Cc}\s]+/gu, ' ');
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1).toWellFormed()}…`;
}
