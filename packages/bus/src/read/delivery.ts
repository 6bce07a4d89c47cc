/** Metadata of a delivered message, which JetStream puts into its reply subject. */
export type Delivery = {
  /** Position in the stream. */
  streamSequence: number;
  /** Numbers this consumer's deliveries from 1, without gaps: a gap means that a message was lost on the way. */
  consumerSequence: number;
  /** The broker's clock when it stored the message. */
  storedAtMs: number;
  /** Messages that the consumer still has to deliver after this one. */
  pending: number;
};

/**
 * Parses `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>`, or the longer form
 * with domain and account after `ACK` and a random end. Null when JetStream did not deliver the message.
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
    // Cut as text: a number of nanoseconds would be rounded, sometimes into the next millisecond.
    storedAtMs: Number(nanoseconds?.slice(0, -6)),
    pending: Number(pending),
  };
  return Object.values(delivery).every(Number.isSafeInteger) ? delivery : null;
}
