/** What JetStream says of a message that it delivers, in the message's reply subject. */
export type Delivery = {
  /** Position in the stream. */
  streamSequence: number;
  /** Counts what this consumer delivered, from 1 and without holes: a hole means that something was lost on the way. */
  consumerSequence: number;
  /** The broker's clock when it stored the message. */
  storedAtMs: number;
  /** Messages that the consumer has still to deliver after this one. */
  pending: number;
};

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>`, or the longer form
 * that has domain and account behind `ACK` and a random end. Null: not delivered by JetStream.
 */
export function readDelivery(reply: string): Delivery | null {
  const parts = reply.split('.');
  if (parts[0] !== '$JS' || parts[1] !== 'ACK') return null;
  const start = parts.length === 9 ? 5 : parts.length >= 11 ? 7 : null;
  if (start === null) return null;
  const [streamSequence, consumerSequence, nanoseconds, pending] = parts.slice(start, start + 4);
  const delivery = {
    streamSequence: Number(streamSequence),
    consumerSequence: Number(consumerSequence),
    // Cut as text: as a number the nanoseconds would be rounded, sometimes into the next millisecond.
    storedAtMs: Number(nanoseconds?.slice(0, -6)),
    pending: Number(pending),
  };
  return Object.values(delivery).every(Number.isSafeInteger) ? delivery : null;
}
