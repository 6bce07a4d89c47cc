import { describe, expect, test } from 'vitest';
import { toldFailures } from '../src/told-failures.ts';

const AWAY = 'connect ECONNREFUSED 127.0.0.1:5432';

describe('why streams are not projected', () => {
  test('is nothing where they are', () => {
    expect(toldFailures(new Map([['TRADES', null]]))).toEqual([]);
  });

  test('is said once where all of them have the same cause', () => {
    expect(toldFailures(new Map(['TRADES', 'PRICES', 'BOOKS'].map((stream) => [stream, AWAY])))).toEqual([
      `all streams: ${AWAY}`,
    ]);
  });

  test('names the streams of each cause', () => {
    const failures = new Map([
      ['TRADES', AWAY],
      ['PRICES', 'deadlock'],
      ['BOOKS', AWAY],
      ['EVENTS', null],
    ]);
    expect(toldFailures(failures)).toEqual([`TRADES, BOOKS: ${AWAY}`, 'PRICES: deadlock']);
  });
});
