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

  test('of ever new causes tells a bounded number in a minute', () => {
    const notice = new OutageNotice();
    const say = (cause: string, nowMs: number) => notice.failed(cause, nowMs).say;
    const told = (nowMs: number) =>
      Array.from({ length: 100 }, (_, number) => number).filter((number) => say(`cause ${number}`, nowMs)).length;
    expect(told(0)).toBe(32);
    expect(told(59_999)).toBe(0);
    expect(told(60_000)).toBe(32);
  });

  test.each([
    ['price is "1.51", not a price', 'price is "-7", not a price'],
    ['price is the number 2, not a price', 'price is the number 1e21, not a price'],
    [
      'data is unavailable: answered 503: {"error":"busy","trace_id":"4bf92f3577b3"}',
      'data is unavailable: answered 503: {"error":"busy","trace_id":"00f067aa0ba9"}',
    ],
    ['answered 503: {"trace_id":"4bf92f3577…', 'answered 503: {"trace_id":"00f067aa0b…'],
    ['answered 500: ray 4bf92f35-77b3', 'answered 500: ray 00f067aa-0ba9'],
    ['token 1234567890123 has no book', 'token 9876543210987 has no book'],
  ])('is of one cause whatever values it names: %s', (one, other) => {
    const notice = new OutageNotice();
    expect(notice.failed(one, 0).say).toBe(true);
    expect(notice.failed(other, 1).say).toBe(false);
  });

  test('is another one with another status or another field', () => {
    const notice = new OutageNotice();
    for (const cause of ['answered 500', 'answered 503', 'price is "2", not a price', 'size is "2", not a size']) {
      expect(notice.failed(cause, 0).say).toBe(true);
    }
  });
});
