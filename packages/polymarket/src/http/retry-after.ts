/**
 * Milliseconds that a `Retry-After` header asks for: seconds, or an HTTP date. Null without a header, or with one that
 * is neither; 0 for a date that is past.
 */
export function retryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  // The three forms of an HTTP date all begin with a day of the week; Date.parse alone would take nearly anything.
  const dateMs = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
