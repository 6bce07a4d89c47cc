/**
 * Text that every store takes: PostgreSQL refuses a NUL, and half a surrogate pair has no UTF-8. Both become U+FFFD. For
 * texts that only people read; ids and decimals are checked instead, because two of them must never become one.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
