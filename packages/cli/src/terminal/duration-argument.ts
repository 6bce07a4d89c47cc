import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from './duration.ts';

/** Milliseconds of an option such as `30s`. @throws {InvalidArgumentError} It is no length of time. */
export function durationArgument(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError('It takes a number and a unit, such as 30s, 5m or 2h, up to 596h.');
  return ms;
}
