import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stands in a text of JSON for lists in lists, deeper than any recursion goes: `JSON.stringify` could not write them. */
export const DEEP = 'lists in lists';

/** The text of a value, with what `DEEP` stands for. */
export function deepJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(`"${DEEP}"`, '['.repeat(50_000) + ']'.repeat(50_000));
}

/** An answer of our own making in samples/, shaped like recorded ones. */
export function jsonSample<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'samples', file), 'utf8'));
}
