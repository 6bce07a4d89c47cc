import { describe, expect, test } from 'vitest';
import { flushReason } from '../../src/read/flush-reason.ts';

describe('a batch', () => {
  const limits = { rowsMax: 3, bytesMax: 100, ageMsMax: 10 };

  test('is never handed out empty', () => {
    expect(flushReason({ rows: 0, bytes: 0, openedAtMs: 0 }, limits, 1_000)).toBeNull();
  });

  test('may keep filling while it is small and young', () => {
    expect(flushReason({ rows: 2, bytes: 99, openedAtMs: 0 }, limits, 9.9)).toBeNull();
  });

  test('is handed out when it is full', () => {
    expect(flushReason({ rows: 3, bytes: 3, openedAtMs: 0 }, limits, 0)).toBe('full');
  });

  test('is handed out when it is heavy', () => {
    expect(flushReason({ rows: 1, bytes: 100, openedAtMs: 0 }, limits, 0)).toBe('heavy');
  });

  test('is handed out when stale, even with a single row', () => {
    expect(flushReason({ rows: 1, bytes: 1, openedAtMs: 0 }, limits, 10)).toBe('stale');
  });

  test('is handed out at once when its age limit is 0', () => {
    expect(flushReason({ rows: 1, bytes: 1, openedAtMs: 5 }, { ...limits, ageMsMax: 0 }, 5)).toBe('stale');
  });
});
