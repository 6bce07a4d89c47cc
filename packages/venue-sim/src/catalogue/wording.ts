/** Rounds to three significant digits: 104,000, 3,680, 0.84. */
export function roundPrice(price: number): number {
  const unit = 10 ** (Math.floor(Math.log10(price)) - 2);
  return Math.round(price / unit) * unit;
}

/** Lower-case ASCII words joined by hyphens, like the venue's slugs. */
export function slugOf(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’“”.]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** `2026-11-20`. */
export function isoDate(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** `November 20`. */
export function monthAndDay(atMs: number): string {
  return `${monthName(atMs)} ${new Date(atMs).getUTCDate()}`;
}

/** `November 20, 2026`. */
export function longDate(atMs: number): string {
  return `${monthAndDay(atMs)}, ${new Date(atMs).getUTCFullYear()}`;
}

/** `9:20AM`. */
export function clock(atMs: number): string {
  const date = new Date(atMs);
  const hours = date.getUTCHours();
  return `${hours % 12 === 0 ? 12 : hours % 12}:${String(date.getUTCMinutes()).padStart(2, '0')}${hours < 12 ? 'AM' : 'PM'}`;
}

/** `November`. */
export function monthName(atMs: number): string {
  return MONTH.format(atMs);
}

const MONTH = new Intl.DateTimeFormat('en-US', { month: 'long', timeZone: 'UTC' });
