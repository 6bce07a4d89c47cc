import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An answer of our own making in samples/, shaped like recorded ones. */
export function jsonSample<T>(file: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'samples', file), 'utf8'));
}
