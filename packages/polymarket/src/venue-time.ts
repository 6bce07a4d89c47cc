/**
 * Milliseconds since the epoch of a time in Gamma's notation: `2026-07-24T00:00:16.302901Z`, `2026-07-24 00:00:16+00`
 * (which strict parsers of ISO 8601 refuse), or a bare date, which means its first moment in UTC. Null for anything else:
 * a time without an offset would be a guess.
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

/** An impossible year is the venue's mistake and counts as no time. */
function orNull(ms: number): number | null {
  return ms >= TIME_MS_MIN && ms < TIME_MS_MAX ? ms : null;
}

const TIME_LENGTH_MAX = 40;
const TIME_MS_MIN = Date.UTC(1970, 0, 1);
const TIME_MS_MAX = Date.UTC(9999, 0, 1);
/** A point and three digits. */
const MILLISECONDS_LENGTH = 4;
