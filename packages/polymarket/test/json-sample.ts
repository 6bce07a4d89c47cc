import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Placeholder for lists nested deeper than any recursion goes, which `JSON.stringify` cannot write. */
export const DEEP = 'lists in lists';

/** The JSON text of a value, with nested lists in place of `DEEP`. */
export function deepJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(`"${DEEP}"`, '['.repeat(50_000) + ']'.repeat(50_000));
}

/** A made-up answer from samples/, in the form of recorded ones. */
export function jsonSample<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'samples', file), 'utf8'));
}
