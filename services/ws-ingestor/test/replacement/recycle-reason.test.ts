import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConnectionCondition, RECYCLE_REASONS, recycleReason } from '../../src/replacement/recycle-reason.ts';

const limits = { pollutionMax: 0.3, ageMsMin: 300_000, ageMsMax: 86_400_000 };
const healthy: ConnectionCondition = {
  ageMs: 600_000,
  pollution: 0.1,
  silentMs: 1_000,
  silentMsMax: 6_000,
  hasUntriedMissing: false,
  isCommanded: false,
  chance: 0,
};

describe('a connection', () => {
  test('that works is not replaced', () => {
    expect(recycleReason(healthy, limits)).toBeNull();
  });

  test('is replaced when too many tokens have left it, but not before its minimum age', () => {
    expect(recycleReason({ ...healthy, pollution: 0.3 }, limits)).toBe('pollution');
    expect(recycleReason({ ...healthy, pollution: 1, ageMs: 299_999 }, limits)).toBeNull();
  });

  test('is replaced at its maximum age, some connections earlier than others', () => {
    const atAge = (ageMs: number, chance: number) => recycleReason({ ...healthy, ageMs, chance }, limits);
    expect(atAge(86_399_999, 0)).toBeNull();
    expect(atAge(86_400_000, 0)).toBe('age');
    expect(atAge(77_760_000, 0.5)).toBe('age');
    expect(atAge(69_119_999, 0.999)).toBeNull();
  });

  test('is replaced for silence, for missing books and on request at any age', () => {
    const young = { ...healthy, ageMs: 0 };
    expect(recycleReason({ ...young, silentMs: 6_000 }, limits)).toBe('stalled');
    expect(recycleReason({ ...young, hasUntriedMissing: true }, limits)).toBe('missing_books');
    expect(recycleReason({ ...young, isCommanded: true }, limits)).toBe('operator');
  });

  test('that gets worse in any way is replaced for a reason that is at least as urgent', () => {
    const urgency = (condition: ConnectionCondition) => {
      const reason = recycleReason(condition, limits);
      return reason === null ? RECYCLE_REASONS.length : RECYCLE_REASONS.indexOf(reason);
    };
    const condition = fc.record({
      ageMs: fc.nat(100_000_000),
      pollution: fc.double({ min: 0, max: 1, noNaN: true }),
      silentMs: fc.nat(600_000),
      silentMsMax: fc.integer({ min: 1, max: 600_000 }),
      hasUntriedMissing: fc.boolean(),
      isCommanded: fc.boolean(),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(
      fc.property(condition, condition, (one, other) => {
        const worse = {
          ageMs: Math.max(one.ageMs, other.ageMs),
          pollution: Math.max(one.pollution, other.pollution),
          silentMs: Math.max(one.silentMs, other.silentMs),
          silentMsMax: Math.min(one.silentMsMax, other.silentMsMax),
          hasUntriedMissing: one.hasUntriedMissing || other.hasUntriedMissing,
          isCommanded: one.isCommanded || other.isCommanded,
          chance: Math.max(one.chance, other.chance),
        };
        expect(urgency(worse)).toBeLessThanOrEqual(Math.min(urgency(one), urgency(other)));
      }),
    );
  });
});
