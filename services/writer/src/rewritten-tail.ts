import { type Bus, isMessageAt, type StreamName } from '@polytape/bus';
import type { Loss, StreamPosition } from '@polytape/tapedb';
import type { Continuation } from './log-continuity.ts';

export type RewrittenTail = Extract<Continuation, { kind: 'tail_rewritten' }>;

/**
 * Judges a stream whose end the broker lost after this database had stored it. Publishers send what the broker may have lost as
 * soon as they notice that it is back, so this waits for the message of the old position. Nothing is written meanwhile: a process that
 * ends leaves the judgement to the next one.
 *
 * @returns What to record, and the position to continue from. `tail_rewritten` says that the message has come again, not that
 *   everything has: nobody can know what the broker lost before anybody had read it.
 * @throws as `Bus.readBatches`, and the signal's reason when it aborts first.
 */
export async function judgeRewrittenTail(
  { position, readSinceMs, detail }: RewrittenTail,
  o: {
    bus: Pick<Bus, 'readBatches' | 'messageAt' | 'sequenceBefore'>;
    stream: StreamName;
    /** The stream's documents come again under other ids: there is nothing to wait for. */
    keepsLastOnly: boolean;
    waitMs: number;
    signal: AbortSignal;
  },
): Promise<Pick<Loss, 'kind' | 'to' | 'detail'>> {
  const { bus, stream } = o;
  const sequence = await bus.sequenceBefore(stream, readSinceMs);
  let kind: Loss['kind'] = 'tail_rewritten';
  let known = 'the leading scheduler publishes lost documents again';
  if (!o.keepsLastOnly) {
    const hasCome = await comesAgain(position, { ...o, readAfter: sequence });
    kind = hasCome ? 'tail_rewritten' : 'tail_lost';
    known = hasCome ? 'a publisher has sent it again' : `nobody has sent it again within ${o.waitMs / 1_000} s`;
  }
  const before = sequence === 0 ? null : await bus.messageAt(stream, sequence);
  const { messageId = null, storedAtMs: messageAtMs = null } = before ?? {};
  const to = { streamCreatedAt: position.streamCreatedAt, sequence, messageAtMs, messageId };
  return { kind, to, detail: `${detail}; ${known}` };
}

async function comesAgain(
  { messageId }: StreamPosition,
  o: { bus: Pick<Bus, 'readBatches'>; stream: StreamName; readAfter: number; waitMs: number; signal: AbortSignal },
): Promise<boolean> {
  if (messageId === null) return false;
  const over = AbortSignal.any([o.signal, AbortSignal.timeout(o.waitMs)]);
  // An interruption is no silence of the publishers: it fails, and the next attempt waits again.
  const reading = { rowsMax: ROWS_MAX, ageMsMax: 0, interruptedMsMax: o.waitMs / 3, signal: over };
  for await (const { messages } of o.bus.readBatches(o.stream, { sequence: o.readAfter }, reading)) {
    if (messages.some((message) => isMessageAt({ sequence: message.sequence, messageId }, message))) return true;
  }
  o.signal.throwIfAborted();
  return false;
}

const ROWS_MAX = 5_000;
