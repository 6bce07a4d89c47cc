import { describe, expect, test } from 'vitest';
import { groupedReasons } from '../src/writer.ts';

const AWAY = 'connect ECONNREFUSED 127.0.0.1:5432';

describe('why streams are not projected', () => {
  test('is nothing where they are', () => {
    expect(groupedReasons(new Map([['TRADES', null]]))).toEqual([]);
  });

  test('is said once where all of them have the same cause', () => {
    expect(groupedReasons(new Map(['TRADES', 'PRICES', 'BOOKS'].map((stream) => [stream, AWAY])))).toEqual([
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
    expect(groupedReasons(failures)).toEqual([`TRADES, BOOKS: ${AWAY}`, 'PRICES: deadlock']);
  });
});
