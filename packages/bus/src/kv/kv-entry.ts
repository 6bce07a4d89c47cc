/** The value of a key, and the revision by which it can be changed without overwriting somebody else's change. */
export type KvEntry<T> = { value: T; revision: number };

/**
 * Whether a message of a bucket's stream is a value, rather than the mark of a deletion or of an expiry. Only the last
 * operation on a key tells whether it lives: keys of dead entries still have a message.
 */
export function isValue(message: { header(name: string): string | null }): boolean {
  const operation = message.header('KV-Operation');
  return message.header('Nats-Marker-Reason') === null && operation !== 'DEL' && operation !== 'PURGE';
}

/** What is wrong with a value of this key, in words; null when nothing is. */
export type ValueCheck = (value: unknown, key: string) => string | null;

/** The value of a message, or in `fault` why it has none that can be used. */
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
