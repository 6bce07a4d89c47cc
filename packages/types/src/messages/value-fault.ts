/** What is wrong with a JSON value of another program, in words: `capacity is "10"`; null when nothing is. */
export type ValueFault = string | null;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number from `min` that JSON represents exactly. */
export function isCount(value: unknown, min = 0): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

/** `<name> is <value>`, with a long value cut. */
export function isFault(name: string, value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return `${name} is ${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}`;
}

const SHOWN_MAX = 60;
