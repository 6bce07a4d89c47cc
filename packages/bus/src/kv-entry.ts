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
