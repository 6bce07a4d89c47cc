import type { StreamConfig } from '@nats-io/jetstream';
import type { WantedStream } from './stream-config.ts';

/** A setting in which the server's stream differs from the table. */
export type StreamDifference = { setting: keyof StreamConfig; actual: unknown; wanted: unknown };

/**
 * What must change for the stream to do what the table wants, without undoing what an operator did beyond it: a stream
 * that keeps more (longer, more per subject, more replicas, more subjects) stays as it is, because reducing it would
 * delete data. Settings that the table does not name, and the description, are ignored.
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
  // A bucket's age has a meaning (who is alive); a stream's age and depth only limit how much it keeps.
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

/** Our subjects and those that an operator added. A stream must not name a subject twice, so those that ours cover go. */
function merged(actual: string[], wanted: string[]): string[] {
  return [...actual.filter((subject) => !wanted.some((pattern) => covers(pattern, subject))), ...wanted];
}

/** Whether `wide` matches every subject that `narrow` matches: `pm.>` covers `pm.trade.*.*`, `*` covers one token. */
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
