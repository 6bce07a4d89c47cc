import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeSuccessor, type SuccessorProgress } from '../../src/replacement/judge-successor.ts';

const progress = (o: Partial<SuccessorProgress> & { covers?: string; old?: string }): SuccessorProgress => ({
  nowMs: 5_000,
  startedAtMs: 0,
  openedAtMs: 0,
  wanted: new Set('abcd'),
  isOldStalled: false,
  firstBookTimeoutMs: 10_000,
  ...o,
  covered: new Set(o.covers ?? ''),
  coveredByOld: new Set(o.old ?? 'abcd'),
});
const LATE = { nowMs: 10_000 };

describe('a successor', () => {
  test('takes over as soon as every token has its book', () => {
    expect(judgeSuccessor(progress({ covers: 'abc' }))).toBe('wait');
    expect(judgeSuccessor(progress({ covers: 'abcd' }))).toBe('takes over');
  });

  test('has failed when its socket does not open in time', () => {
    expect(judgeSuccessor(progress({ openedAtMs: null }))).toBe('wait');
    expect(judgeSuccessor(progress({ openedAtMs: null, ...LATE }))).toBe('failed');
  });

  test('has failed when books that the old connection has do not arrive in time', () => {
    expect(judgeSuccessor(progress({ covers: 'abc', ...LATE }))).toBe('failed');
    expect(judgeSuccessor(progress({ covers: 'abc', openedAtMs: 1, ...LATE }))).toBe('wait');
  });

  test('takes over without books that the old connection also lacks', () => {
    expect(judgeSuccessor(progress({ covers: 'abc', old: 'ab' }))).toBe('wait');
    expect(judgeSuccessor(progress({ covers: 'abc', old: 'ab', ...LATE }))).toBe('takes over');
  });

  test('takes over from a stalled connection as soon as it is as good, and with any book when the time is over', () => {
    const stalled = { isOldStalled: true };
    expect(judgeSuccessor(progress({ covers: 'abc', old: 'abc', ...stalled }))).toBe('takes over');
    expect(judgeSuccessor(progress({ covers: 'ab', old: 'abc', ...stalled }))).toBe('wait');
    expect(judgeSuccessor(progress({ covers: 'a', old: 'abc', ...stalled, ...LATE }))).toBe('takes over');
  });

  test('without a single book has failed, whatever it should replace', () => {
    for (const isOldStalled of [true, false]) {
      for (const old of ['', 'abcd']) {
        expect(judgeSuccessor(progress({ old, isOldStalled }))).toBe('wait');
        expect(judgeSuccessor(progress({ old, isOldStalled, ...LATE }))).toBe('failed');
      }
    }
  });

  test('never takes over from a working connection that covers a token that it does not', () => {
    const tokens = fc.subarray([...'abcdef']).map((some) => some.join(''));
    fc.assert(
      fc.property(tokens, tokens, tokens, fc.nat(30_000), (wanted, covers, old, nowMs) => {
        const at = progress({ covers, old, nowMs, wanted: new Set(wanted) });
        if (judgeSuccessor(at) !== 'takes over') return;
        for (const token of wanted) if (old.includes(token)) expect(covers).toContain(token);
      }),
    );
  });
});
