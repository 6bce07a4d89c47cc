import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Recorded data of the venue is not part of this repository; POLYTAPE_FIXTURES names its folder. */
const folder =
  process.env.POLYTAPE_FIXTURES ??
  join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'polymarket', 'fixtures');

/** The available files of one kind; none without the folder. */
export function recordedFiles(kind: 'ws' | 'gamma' | 'clob' | 'data'): string[] {
  const files = existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)) : [];
  return files.map((file) => `${kind}/${file}`);
}

export function recordedText(file: string): string {
  const bytes = readFileSync(join(folder, file));
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** One frame a line. */
export function recordedFrames(file: string): string[] {
  return recordedText(file)
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** For titles of suites that need a file. */
export const UNLESS_RECORDED = '(skipped without recorded data, see POLYTAPE_FIXTURES)';

/** The markets in a recorded file of Gamma: a single one, a list, an object by slug, or one line each with `raw`. */
export function recordedMarkets(file: string): Record<string, unknown>[] {
  if (file.endsWith('.jsonl.gz')) return recordedFrames(file).map((line) => JSON.parse(line).raw);
  const value = JSON.parse(recordedText(file));
  if (Array.isArray(value)) return value;
  return 'conditionId' in value ? [value] : Object.values(value);
}
