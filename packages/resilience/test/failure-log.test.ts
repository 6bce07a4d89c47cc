import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FailureLog } from '../src/failure-log.ts';
import type { Log } from '../src/log.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a failure', () => {
  test('is logged at first sight, at each new cause, and once a minute', () => {
    const { isLogged } = failures();
    expect(isLogged('refused')).toBe(true);
    vi.advanceTimersByTime(59_999);
    expect(isLogged('refused')).toBe(false);
    expect(isLogged('not found')).toBe(true);
    vi.advanceTimersByTime(1);
    expect(isLogged('refused')).toBe(true);
    expect(isLogged('not found')).toBe(false);
  });

  test('is logged with the number of those suppressed before it, which go to the debug level', () => {
    const { log, lines } = failures();
    for (let second = 0; second <= 60; second += 1) {
      log.failed('refused', { second }, 'Refused.');
      vi.advanceTimersByTime(1_000);
    }
    expect(lines.filter(([level]) => level === 'debug')).toHaveLength(59);
    expect(lines.filter(([level]) => level !== 'debug')).toEqual([
      ['warn', { second: 0 }, 'Refused.'],
      ['warn', { second: 60, suppressed: 59 }, 'Refused.'],
    ]);
  });

  test('is repeated at a longer interval where one is given', () => {
    const { isLogged } = failures({ repeatMs: 3_600_000 });
    expect(isLogged('slow')).toBe(true);
    vi.advanceTimersByTime(3_599_999);
    expect(isLogged('slow')).toBe(false);
    vi.advanceTimersByTime(1);
    expect(isLogged('slow')).toBe(true);
  });

  test('has the level that its caller gives', () => {
    const { log, lines } = failures();
    log.failed('refused', {}, 'Refused.', 'error');
    expect(lines).toEqual([['error', {}, 'Refused.']]);
  });

  test('is over once, and only if it was logged', () => {
    const { log, isLogged, lines } = failures();
    const recoveries = () => {
      log.recovered({}, 'Works again.');
      return lines.filter(([level]) => level === 'info').length;
    };
    expect(recoveries()).toBe(0);
    isLogged('refused');
    expect(recoveries()).toBe(1);
    expect(recoveries()).toBe(1);
    isLogged('refused');
    expect(recoveries()).toBe(1);
  });

  test('with ever new causes is logged a bounded number of times a minute', () => {
    const { isLogged } = failures();
    const logged = () => Array.from({ length: 100 }, (_, n) => n).filter((n) => isLogged(`cause ${n}`)).length;
    expect(logged()).toBe(32);
    vi.advanceTimersByTime(59_999);
    expect(logged()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(logged()).toBe(32);
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
  ])('has one cause whatever values it names: %s', (one, other) => {
    const { isLogged } = failures();
    expect(isLogged(one)).toBe(true);
    expect(isLogged(other)).toBe(false);
  });

  test('has another cause with another status or another field', () => {
    const { isLogged } = failures();
    for (const cause of ['answered 500', 'answered 503', 'price is "2", not a price', 'size is "2", not a size']) {
      expect(isLogged(cause)).toBe(true);
    }
  });
});

/** A log of failures, and the lines that it has written. */
function failures(o: { repeatMs?: number } = {}) {
  const lines: [level: string, fields: object, sentence: string][] = [];
  const to = (level: keyof Log) => (fields: object, sentence: string) => void lines.push([level, fields, sentence]);
  const log = new FailureLog({ debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }, o);
  const isLogged = (cause: string) => {
    log.failed(cause, {}, cause);
    return lines.at(-1)?.[0] !== 'debug';
  };
  return { log, lines, isLogged };
}
