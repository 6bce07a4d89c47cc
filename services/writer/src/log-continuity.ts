import { isMessageAt, type StreamMessage } from '@polytape/bus';
import type { Loss, StreamPosition } from '@polytape/tapedb';

/** A stream as the broker has it, and its message at the database's position. */
export type LogState = {
  streamCreatedAt: string;
  firstSequence: number;
  lastSequence: number;
  /** The message at the position's sequence; null when there is none. */
  messageAtPosition: Pick<StreamMessage, 'messageId' | 'storedAtMs'> | null;
};

/**
 * Where reading continues, and what the log lost, if anything. `tail_rewritten`: the broker lost the end of the stream, and the
 * publishers send it again. All of that comes later than `readSinceMs`, by the broker's clock.
 */
export type Continuation =
  | { kind: 'continues'; readAfter: number }
  | { kind: 'lost'; readAfter: number; loss: Loss['kind']; detail: string }
  | { kind: 'tail_rewritten'; position: StreamPosition; readSinceMs: number; detail: string };

/**
 * Compares the database's position with the log. Reading stored messages again is harmless, because every row has a natural
 * key; continuing after another message would be a silent loss.
 */
export function continueFrom(position: StreamPosition | null, log: LogState, keepsLastOnly: boolean): Continuation {
  // Messages that the log dropped before anybody began to read are not a loss.
  if (position === null) return { kind: 'continues', readAfter: Math.max(0, log.firstSequence - 1) };
  if (position.streamCreatedAt !== log.streamCreatedAt) {
    return lost(
      log,
      'stream_replaced',
      `the stream was recreated at ${log.streamCreatedAt}, the position belongs to that of ${position.streamCreatedAt}`,
    );
  }
  if (log.lastSequence < position.sequence) {
    return rewritten(
      position,
      log,
      `the stream ends at ${log.lastSequence}, the database has stored message ${position.sequence}`,
    );
  }
  const there = log.messageAtPosition;
  if (there !== null && !isMessageAt(position, there)) {
    return rewritten(position, log, `message ${position.sequence} is not the one that was stored`);
  }
  if (keepsLastOnly) return { kind: 'continues', readAfter: position.sequence };
  if (log.firstSequence > position.sequence + 1) {
    const detail = `the messages ${position.sequence + 1} to ${log.firstSequence - 1} expired before they were read`;
    return { kind: 'lost', readAfter: log.firstSequence - 1, loss: 'expired_unread', detail };
  }
  // A position without a time is at a sequence that had no message.
  if (there === null && position.messageAtMs !== null && log.firstSequence <= position.sequence) {
    return rewritten(position, log, `message ${position.sequence}, which was stored, is missing`);
  }
  return { kind: 'continues', readAfter: position.sequence };
}

/** Reads everything again that the log still has. */
function lost(log: LogState, loss: Loss['kind'], detail: string): Continuation {
  return { kind: 'lost', readAfter: Math.max(0, log.firstSequence - 1), loss, detail };
}

/** A broker without power loses what is younger than its last sync, so everything older than a few minutes is as it was. */
function rewritten(position: StreamPosition, log: LogState, detail: string): Continuation {
  if (position.messageAtMs === null) return lost(log, 'tail_lost', detail);
  return { kind: 'tail_rewritten', position, readSinceMs: position.messageAtMs - REWRITTEN_MS, detail };
}

/** For a clock that was set while the broker was down. */
const REWRITTEN_MS = 10 * 60_000;

/** Messages whose sequences follow each other without a gap. */
export type ContiguousPart<M> = {
  messages: readonly [M, ...M[]];
  /** Number of sequences missing before it. */
  missingBefore: number;
};

/** Cuts a batch where sequences are missing. `readAfter` is the sequence before the batch. */
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
