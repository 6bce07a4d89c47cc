import type { StreamConfig } from '@nats-io/jetstream';
import type { WantedStream } from './stream-config.ts';

/** One setting in which the server's stream is not as the table wants it. */
export type StreamDifference = { setting: keyof StreamConfig; actual: unknown; wanted: unknown };

/**
 * What must change for the stream to do what the table wants, without undoing what an operator did beyond it: a stream
 * that keeps more (longer, more per subject, more replicas, more subjects) is left as it is, because bringing it back
 * would delete data. Settings that the table does not name are not looked at, nor is the description.
 */
export function streamDifferences(actual: Partial<StreamConfig>, wanted: WantedStream): StreamDifference[] {
  const differences: StreamDifference[] = [];
  for (const [name, value] of Object.entries(wanted.config)) {
    const setting = name as keyof StreamConfig;
    if (setting === 'name' || setting === 'description') continue;
    if (isMet(setting, actual[setting], value, wanted.kind)) continue;
    const all = setting === 'subjects' ? merged(actual.subjects ?? [], wanted.config.subjects) : value;
    differences.push({ setting, actual: actual[setting], wanted: all });
  }
  return differences;
}

function isMet(setting: keyof StreamConfig, actual: unknown, wanted: unknown, kind: WantedStream['kind']): boolean {
  if (setting === 'subjects') return areTaken(wanted as string[], (actual ?? []) as string[]);
  if (typeof wanted !== 'number') return (actual ?? false) === wanted;
  if (setting === 'num_replicas') return Number(actual) >= wanted;
  // A bucket's age is its meaning (who is alive), a stream's age and depth are only how much it keeps.
  if (kind === 'stream' && KEPT.has(setting)) return limit(actual) >= limit(wanted);
  return Number(actual ?? 0) === wanted;
}

/** JetStream writes "no limit" as 0 or -1. */
function limit(value: unknown): number {
  const number = Number(value ?? 0);
  return number <= 0 ? Number.POSITIVE_INFINITY : number;
}

function areTaken(wanted: string[], actual: string[]): boolean {
  return wanted.every((subject) => actual.some((pattern) => covers(pattern, subject)));
}

/** Ours, and what an operator added to them. A stream may not name one subject twice, so what ours cover goes. */
function merged(actual: string[], wanted: string[]): string[] {
  return [...actual.filter((subject) => !wanted.some((pattern) => covers(pattern, subject))), ...wanted];
}

/** Whether every subject that `narrow` stands for is one of `wide`: `pm.>` covers `pm.trade.*.*`, `*` covers one token. */
export function covers(wide: string, narrow: string): boolean {
  const wideTokens = wide.split('.');
  const narrowTokens = narrow.split('.');
  for (const [at, token] of wideTokens.entries()) {
    const other = narrowTokens[at];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return wideTokens.length === narrowTokens.length;
}

const KEPT: ReadonlySet<keyof StreamConfig> = new Set([
  'max_age',
  'max_bytes',
  'max_msgs_per_subject',
  'duplicate_window',
] as const);
