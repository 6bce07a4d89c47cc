import { isDecimal, storableText } from '@polytape/types';
import { UnstorableValueError } from '../errors.ts';

/**
 * The body of a message is whatever was published on its subject: every field is looked at before any of it reaches
 * the server, so that a wrong one is told by its name and ends as a dead letter.
 *
 * @throws {UnstorableValueError} It does not hold.
 */
export function check(holds: boolean, field: string, value: unknown): void {
  if (!holds) throw new UnstorableValueError(field, value);
}

/** @throws {UnstorableValueError} It is neither null nor a decimal string. */
export function checkDecimalOrNull(field: string, value: unknown): void {
  check(value === null || isDecimal(value), field, value);
}

/** A text that only people read, with what no column takes replaced. @throws {UnstorableValueError} It is no text. */
export function checkedText(field: string, value: unknown): string {
  if (typeof value !== 'string') throw new UnstorableValueError(field, value);
  return storableText(value);
}

/** As `checkedText`; absent is null. */
export function checkedTextOrNull(field: string, value: unknown): string | null {
  return value === null || value === undefined ? null : checkedText(field, value);
}

/** A time as JSON for a timestamptz; absent is null. @throws {UnstorableValueError} It is no time in milliseconds. */
export function checkedTimeOrNull(field: string, ms: unknown): string | null {
  if (ms === null || ms === undefined) return null;
  const date = new Date(typeof ms === 'number' ? ms : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new UnstorableValueError(field, ms);
  return date.toISOString();
}

/** A number that JSON carries exactly as text; absent is null. @throws {UnstorableValueError} It is no decimal. */
export function checkedDecimalOrNull(field: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  check(isDecimal(value), field, value);
  return value as string;
}

/** @throws {UnstorableValueError} It is neither true nor false. */
export function checkedBoolean(field: string, value: unknown): boolean {
  check(typeof value === 'boolean', field, value);
  return value as boolean;
}

/** A number that an integer column holds. @throws {UnstorableValueError} It is not a whole number from 0 to 2^31-1. */
export function checkedOrdinal(field: string, value: unknown): number {
  check(Number.isInteger(value) && (value as number) >= 0 && (value as number) <= INTEGER_MAX, field, value);
  return value as number;
}

const INTEGER_MAX = 2 ** 31 - 1;
