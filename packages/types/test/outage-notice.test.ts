import { describe, expect, test } from 'vitest';
import { OutageNotice } from '../src/outage-notice.ts';

describe('an outage', () => {
  test('is told at its first sight, at each new cause, and once a minute', () => {
    const notice = new OutageNotice();
    const say = (cause: string, nowMs: number) => notice.failed(cause, nowMs).say;
    expect(say('refused', 0)).toBe(true);
    expect(say('refused', 59_999)).toBe(false);
    expect(say('not found', 59_999)).toBe(true);
    expect(say('refused', 60_000)).toBe(true);
    expect(say('not found', 60_001)).toBe(false);
  });

  test('says how many failures were passed over', () => {
    const notice = new OutageNotice();
    notice.failed('refused', 0);
    for (let nowMs = 1; nowMs <= 41; nowMs += 1) notice.failed('refused', nowMs);
    expect(notice.failed('refused', 60_000)).toEqual({ say: true, unsaid: 41 });
    expect(notice.failed('refused', 120_000)).toEqual({ say: true, unsaid: 0 });
  });

  test('is over once, and only if it was told', () => {
    const notice = new OutageNotice();
    expect(notice.recovered()).toBe(false);
    notice.failed('refused', 0);
    expect(notice.recovered()).toBe(true);
    expect(notice.recovered()).toBe(false);
    notice.failed('refused', 1);
    expect(notice.recovered()).toBe(false);
  });

  test('with ever new causes forgets the oldest', () => {
    const notice = new OutageNotice();
    for (let number = 0; number < 33; number += 1) notice.failed(`cause ${number}`, 0);
    expect(notice.failed('cause 0', 1).say).toBe(true);
    expect(notice.failed('cause 32', 1).say).toBe(false);
  });
});
