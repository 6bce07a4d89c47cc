/**
 * Text that PostgreSQL takes. It refuses NUL, and a lone surrogate has no UTF-8: both become U+FFFD. For texts that
 * only people read; ids are checked instead, because two of them must never become one.
 */
export function storableText(text: string, lengthMax?: number): string {
  const cut = lengthMax === undefined ? text : text.slice(0, lengthMax);
  return cut.replaceAll('\0', '\uFFFD').toWellFormed();
}
