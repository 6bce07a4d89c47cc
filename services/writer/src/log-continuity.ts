import { isMessageAt, type StreamMessage } from '@polytape/bus';
import type { Loss, StreamPosition } from '@polytape/tapedb';

/** What the broker says of a stream, and of the message at the database's position. */
export type LogState = {
  streamCreatedAt: string;
  firstSequence: number;
  lastSequence: number;
  /** The message at the position's sequence; null when there is none. */
  messageAtPosition: Pick<StreamMessage, 'messageId' | 'storedAtMs'> | null;
};

/** Where to read on, and what the log lost if it is not simply the next message. */
export type Continuation = { readAfter: number; loss: { kind: Loss['kind']; detail: string } | null };

/**
 * Compares the database's position with the log. Reading again what is stored already is harmless, because every
 * row has a natural key; reading on behind something else would be a silent loss.
 */
export function continueFrom(position: StreamPosition | null, log: LogState, keepsLastOnly: boolean): Continuation {
  // What the log had dropped before anybody began to read is not ours to miss.
  if (position === null) return { readAfter: Math.max(0, log.firstSequence - 1), loss: null };
  if (position.streamCreatedAt !== log.streamCreatedAt) {
    return lost(
      log,
      'stream_replaced',
      `the stream was created anew at ${log.streamCreatedAt}, the position is of ${position.streamCreatedAt}`,
    );
  }
  if (log.lastSequence < position.sequence) {
    return lost(log, 'tail_lost', `the log ends at ${log.lastSequence}, the database has stored ${position.sequence}`);
  }
  const there = log.messageAtPosition;
  if (there !== null && !isMessageAt(position, there)) {
    return lost(log, 'tail_lost', `message ${position.sequence} is not the one that was stored`);
  }
  if (keepsLastOnly) return { readAfter: position.sequence, loss: null };
  if (log.firstSequence > position.sequence + 1) {
    const detail = `the messages ${position.sequence + 1} to ${log.firstSequence - 1} expired before they were read`;
    return { readAfter: log.firstSequence - 1, loss: { kind: 'expired_unread', detail } };
  }
  // Without a time the position stands where there was no message.
  if (there === null && position.messageAtMs !== null && log.firstSequence <= position.sequence) {
    return lost(log, 'tail_lost', `message ${position.sequence}, which was stored, is missing`);
  }
  return { readAfter: position.sequence, loss: null };
}

/** Read again from the beginning of what the log still has. */
function lost(log: LogState, kind: Loss['kind'], detail: string): Continuation {
  return { readAfter: Math.max(0, log.firstSequence - 1), loss: { kind, detail } };
}

/** Messages whose sequences follow each other without a hole. */
export type ContiguousPart<M> = {
  messages: readonly [M, ...M[]] /** Sequences missing before it: none when 0. */;
  missingBefore: number;
};

/** A batch, cut where sequences are missing. `readAfter` is the sequence that was read before it. */
export function contiguousParts<M extends { sequence: number }>(
  messages: readonly M[],
  readAfter: number,
): ContiguousPart<M>[] {
  const parts: { messages: [M, ...M[]]; missingBefore: number }[] = [];
  let previous = readAfter;
  for (const message of messages) {
    const missingBefore = message.sequence - previous - 1;
    const part = parts.at(-1);
    if (missingBefore === 0 && part !== undefined) part.messages.push(message);
    else parts.push({ messages: [message], missingBefore });
    previous = message.sequence;
  }
  return parts;
}
