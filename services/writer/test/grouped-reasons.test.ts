import { describe, expect, test } from 'vitest';
import { groupedReasons } from '../src/writer.ts';

const AWAY = 'connect ECONNREFUSED 127.0.0.1:5432';

describe('the reasons of failing streams', () => {
  test('are none when no stream fails', () => {
    expect(groupedReasons(new Map([['TRADES', null]]))).toEqual([]);
  });

  test('are one when all streams have the same cause', () => {
    expect(groupedReasons(new Map(['TRADES', 'PRICES', 'BOOKS'].map((stream) => [stream, AWAY])))).toEqual([
      `all streams: ${AWAY}`,
    ]);
  });

  test('name the streams of each cause', () => {
    const failures = new Map([
      ['TRADES', AWAY],
      ['PRICES', 'deadlock'],
      ['BOOKS', AWAY],
      ['EVENTS', null],
    ]);
    expect(groupedReasons(failures)).toEqual([`TRADES, BOOKS: ${AWAY}`, 'PRICES: deadlock']);
  });
});
