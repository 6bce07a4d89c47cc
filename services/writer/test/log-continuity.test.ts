import { describe, expect, test } from 'vitest';
import { contiguousParts, continueFrom } from '../src/log-continuity.ts';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const position = { streamCreatedAt: 'a', sequence: 100, messageAtMs: NOON_MS, messageId: 'm100' };
const log = {
  streamCreatedAt: 'a',
  firstSequence: 1,
  lastSequence: 150,
  messageAtPosition: { messageId: 'm100', storedAtMs: NOON_MS },
};
const rewritten = { kind: 'tail_rewritten', position, readSinceMs: NOON_MS - 10 * 60_000 };

describe('a projection', () => {
  test('continues after its position when the message there is the one that it stored', () => {
    expect(continueFrom(position, log, false)).toEqual({ kind: 'continues', readAfter: 100 });
  });

  test('begins with the first message when it has no position, whatever the log dropped before', () => {
    const begun = { kind: 'continues', readAfter: 89 };
    expect(continueFrom(null, { ...log, firstSequence: 90 }, false)).toEqual(begun);
    const empty = { ...log, firstSequence: 0, lastSequence: 0 };
    expect(continueFrom(null, empty, false)).toEqual({ kind: 'continues', readAfter: 0 });
  });

  test('reads everything again when the stream was recreated', () => {
    const recreated = { ...log, streamCreatedAt: 'b' };
    expect(continueFrom(position, recreated, false)).toMatchObject({
      ...{ kind: 'lost', loss: 'stream_replaced', readAfter: 0 },
    });
  });

  test('reads ten minutes again when the log ends before the position', () => {
    const shorter = { ...log, lastSequence: 99, messageAtPosition: null };
    expect(continueFrom(position, shorter, false)).toMatchObject(rewritten);
  });

  test('reads ten minutes again when another message is at the position', () => {
    for (const other of [
      { messageId: 'other', storedAtMs: NOON_MS },
      { messageId: null, storedAtMs: NOON_MS },
      { messageId: 'm100', storedAtMs: NOON_MS + 1 }, // published again in the same order
    ]) {
      for (const keepsLastOnly of [false, true]) {
        expect(continueFrom(position, { ...log, messageAtPosition: other }, keepsLastOnly)).toMatchObject(rewritten);
      }
    }
  });

  test('notices that the message at its position is missing, unless there was none', () => {
    const state = { ...log, messageAtPosition: null };
    expect(continueFrom(position, state, false)).toMatchObject(rewritten);
    const empty = { ...position, messageAtMs: null, messageId: null };
    expect(continueFrom(empty, state, false)).toEqual({ kind: 'continues', readAfter: 100 });
  });

  test('reads everything again when the log ends before a position without a message', () => {
    const empty = { ...position, messageAtMs: null, messageId: null };
    const shorter = { ...log, lastSequence: 99, messageAtPosition: null };
    expect(continueFrom(empty, shorter, false)).toMatchObject({ kind: 'lost', loss: 'tail_lost', readAfter: 0 });
  });

  test('notices messages that expired unread, and names them', () => {
    const state = { ...log, firstSequence: 121, messageAtPosition: null };
    expect(continueFrom(position, state, false)).toEqual({
      ...{ kind: 'lost', loss: 'expired_unread', readAfter: 120 },
      detail: 'the messages 101 to 120 expired before they were read',
    });
  });

  test('continues when exactly the stored messages have expired', () => {
    const state = { ...log, firstSequence: 101, messageAtPosition: null };
    expect(continueFrom(position, state, false)).toEqual({ kind: 'continues', readAfter: 100 });
  });

  test('expects gaps in a stream that keeps only the last message of a subject', () => {
    const state = { ...log, firstSequence: 140, messageAtPosition: null };
    expect(continueFrom(position, state, true)).toEqual({ kind: 'continues', readAfter: 100 });
  });
});

describe('a batch', () => {
  const messages = (...sequences: number[]) => sequences.map((sequence) => ({ sequence }));

  test('without gaps is one part', () => {
    expect(contiguousParts(messages(4, 5, 6), 3)).toEqual([{ messages: messages(4, 5, 6), missingBefore: 0 }]);
    expect(contiguousParts([], 3)).toEqual([]);
  });

  test('is cut at each gap, even at one before its first message', () => {
    expect(contiguousParts(messages(5, 6, 9), 3)).toEqual([
      { messages: messages(5, 6), missingBefore: 1 },
      { messages: messages(9), missingBefore: 2 },
    ]);
  });
});
