/** The value of a key, and its revision, with which it can be changed without overwriting another change. */
export type KvEntry<T> = { value: T; revision: number };

/**
 * Whether a message of a bucket's stream is a value, rather than the marker of a deletion or an expiry. Only the last
 * operation on a key shows whether it lives: dead keys still have a message.
 */
export function isValue(message: { header(name: string): string | null }): boolean {
  const operation = message.header('KV-Operation');
  return message.header('Nats-Marker-Reason') === null && operation !== 'DEL' && operation !== 'PURGE';
}

/** Returns what is wrong with a value of this key, in words; null when nothing is. */
export type ValueCheck = (value: unknown, key: string) => string | null;

/** The value of a message; or, in `fault`, why it cannot be used. */
export function readValue<T>(
  message: { body: Uint8Array },
  key: string,
  check: ValueCheck,
): { value: T; fault: null } | { fault: string; cause: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(DECODER.decode(message.body));
  } catch (cause) {
    return { fault: 'holds no JSON', cause };
  }
  const wrong = check(value, key);
  return wrong === null ? { value: value as T, fault: null } : { fault: `cannot be used: ${wrong}`, cause: undefined };
}

const DECODER = new TextDecoder();
