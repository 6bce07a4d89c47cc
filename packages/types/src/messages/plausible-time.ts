/**
 * Whether this is a time, in milliseconds since the epoch, at which something may have happened: from 2015 (the venue began
 * in 2020) to 2100. Seconds or microseconds instead of milliseconds fall far outside; a clock that is merely wrong does not.
 */
export function isPlausibleTime(ms: unknown): ms is number {
  return Number.isSafeInteger(ms) && (ms as number) >= TIME_MS_MIN && (ms as number) < TIME_MS_MAX;
}

const TIME_MS_MIN = Date.UTC(2015, 0, 1);
const TIME_MS_MAX = Date.UTC(2100, 0, 1);
