/**
 * Text that every store accepts: PostgreSQL refuses NUL, and half a surrogate pair has no UTF-8. Both become U+FFFD. Only for
 * texts that people read; ids and decimals are checked instead, because two different ones must never become one.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
