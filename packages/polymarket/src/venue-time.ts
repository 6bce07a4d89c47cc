/**
 * Milliseconds since the epoch of a time as Gamma writes it: `2026-07-24T00:00:16.302901Z`, `2026-07-24 00:00:16+00`
 * (which strict readers of ISO 8601 refuse), or a bare date, which is its first moment in UTC. Null for anything else:
 * a time without an offset would have to be guessed.
 */
export function venueTimeMs(text: unknown): number | null {
  if (typeof text !== 'string' || text.length > TIME_LENGTH_MAX) return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return orNull(Date.parse(`${text}T00:00:00Z`));
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(?:Z|([+-]\d{2}):?(\d{2})?)$/.exec(text);
  if (match === null) return null;
  const [, date, time, fraction = '', hours, minutes = '00'] = match;
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  return orNull(Date.parse(`${date}T${time}${fraction.slice(0, MILLISECONDS_LENGTH)}${offset}`));
}

function orNull(ms: number): number | null {
  return Number.isNaN(ms) ? null : ms;
}

const TIME_LENGTH_MAX = 40;
/** A point and three digits. */
const MILLISECONDS_LENGTH = 4;
