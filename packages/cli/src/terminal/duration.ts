import { InvalidArgumentError } from 'commander';

/** Milliseconds of an option such as `30s`. @throws {InvalidArgumentError} The text is not a duration. */
export function durationArgument(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null)
    throw new InvalidArgumentError('It must be a number above 0 with a unit, such as 30s, 5m or 2h, up to 596h.');
  return ms;
}

/** Milliseconds of `500ms`, `20s`, `5m` or `2h`, or null if the text is none of these or more than 24 days. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const [, amount, unit] = match ?? [];
  if (amount === undefined || unit === undefined) return null;
  const ms = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return ms >= 1 && ms <= DURATION_MS_MAX ? Math.round(ms) : null;
}

/** The maximum of a timer: 24 days and 20 hours. */
const DURATION_MS_MAX = 2 ** 31 - 1;

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
