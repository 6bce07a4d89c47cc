import { describe, expect, test } from 'vitest';
import { contiguousParts, continueFrom } from '../src/log-continuity.ts';

const position = { streamCreatedAt: 'a', sequence: 100, messageAtMs: 1, messageId: 'm100' };
const log = {
  streamCreatedAt: 'a',
  firstSequence: 1,
  lastSequence: 150,
  messageAtPosition: { messageId: 'm100', storedAtMs: 1 },
};

describe('a projection', () => {
  test('continues after its position when the message there is the one that it stored', () => {
    expect(continueFrom(position, log, false)).toEqual({ readAfter: 100, loss: null });
  });

  test('begins with the first message when it has no position, whatever the log dropped before', () => {
    expect(continueFrom(null, { ...log, firstSequence: 90 }, false)).toEqual({ readAfter: 89, loss: null });
    expect(continueFrom(null, { ...log, firstSequence: 0, lastSequence: 0 }, false)).toEqual({
      readAfter: 0,
      loss: null,
    });
  });

  test('reads everything again when the stream was recreated', () => {
    const { readAfter, loss } = continueFrom(position, { ...log, streamCreatedAt: 'b' }, false);
    expect([readAfter, loss?.kind]).toEqual([0, 'stream_replaced']);
  });

  test('notices that the broker lost its tail when the log ends before the position', () => {
    const { readAfter, loss } = continueFrom(position, { ...log, lastSequence: 99, messageAtPosition: null }, false);
    expect([readAfter, loss?.kind]).toEqual([0, 'tail_lost']);
  });

  test('notices that the broker lost its tail and went on when another message is at the position', () => {
    for (const other of [
      { messageId: 'other', storedAtMs: 1 },
      { messageId: null, storedAtMs: 1 },
      { messageId: 'm100', storedAtMs: 2 }, // published again in the same order
    ]) {
      for (const keepsLastOnly of [false, true]) {
        const { readAfter, loss } = continueFrom(position, { ...log, messageAtPosition: other }, keepsLastOnly);
        expect([readAfter, loss?.kind]).toEqual([0, 'tail_lost']);
      }
    }
  });

  test('notices that the message at its position is missing, unless there was none', () => {
    const state = { ...log, messageAtPosition: null };
    expect(continueFrom(position, state, false).loss?.kind).toBe('tail_lost');
    const empty = { ...position, messageAtMs: null, messageId: null };
    expect(continueFrom(empty, state, false)).toEqual({ readAfter: 100, loss: null });
  });

  test('notices messages that expired unread, and names them', () => {
    const state = { ...log, firstSequence: 121, messageAtPosition: null };
    const { readAfter, loss } = continueFrom(position, state, false);
    expect(readAfter).toBe(120);
    expect(loss).toEqual({ kind: 'expired_unread', detail: 'the messages 101 to 120 expired before they were read' });
  });

  test('continues when exactly the stored messages have expired', () => {
    const state = { ...log, firstSequence: 101, messageAtPosition: null };
    expect(continueFrom(position, state, false)).toEqual({ readAfter: 100, loss: null });
  });

  test('expects gaps in a stream that keeps only the last message of a subject', () => {
    const state = { ...log, firstSequence: 140, messageAtPosition: null };
    expect(continueFrom(position, state, true)).toEqual({ readAfter: 100, loss: null });
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
