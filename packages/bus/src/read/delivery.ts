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
  if (!reply.startsWith('$JS.ACK.')) return null;
  const dots: number[] = [];
  for (let at = reply.indexOf('.'); at >= 0; at = reply.indexOf('.', at + 1)) dots.push(at);
  const before = dots.length === 8 ? 4 : dots.length >= 10 ? 6 : null;
  if (before === null) return null;
  const [a = 0, b = 0, c = 0, d = 0, end = reply.length] = dots.slice(before, before + 5);
  const delivery = {
    streamSequence: wholeNumber(reply, a + 1, b),
    consumerSequence: wholeNumber(reply, b + 1, c),
    // Cut as text: a number of nanoseconds would be rounded, sometimes into the next millisecond.
    storedAtMs: wholeNumber(reply, c + 1, d - 6),
    pending: wholeNumber(reply, d + 1, end),
  };
  const { streamSequence, consumerSequence, storedAtMs, pending } = delivery;
  return Number.isSafeInteger(streamSequence + consumerSequence + storedAtMs + pending) ? delivery : null;
}

/** NaN if there is anything but digits. */
function wholeNumber(text: string, at: number, end: number): number {
  let value = at < end ? 0 : Number.NaN;
  for (let i = at; i < end; i++) {
    const digit = text.charCodeAt(i) - CHARACTER_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const CHARACTER_0 = 48;
