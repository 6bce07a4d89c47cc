import { describe, expect, test } from 'vitest';
import { FieldError } from '../../src/channel/event-fields.ts';
import { readDataResolution } from '../../src/data/data-resolution.ts';
import { inferWinner } from '../../src/infer-winner.ts';
import { jsonSample } from '../json-sample.ts';

const { answer } = jsonSample<{ answer: { data: Record<string, unknown>[] } }>('data-resolutions.json');
const [byQuestion = {}, byCondition = {}, derived = {}, disputed = {}, padded = {}] = answer.data;

describe('a row of resolutions', () => {
  test('of a question has the oracle’s prices, and seconds as text', () => {
    expect(readDataResolution(byQuestion)).toEqual({
      conditionId: byQuestion.condition_id,
      status: 'resolved',
      payouts: null,
      price: '1',
      resolvedAtMs: null,
      updatedAtMs: 1_789_000_100_000,
      raw: byQuestion,
    });
  });

  test('of a condition has payouts in collateral, and times in RFC 3339', () => {
    expect(readDataResolution(byCondition)).toMatchObject({
      conditionId: byCondition.condition_id,
      status: 'resolved',
      payouts: ['0', '1'],
      price: null,
      resolvedAtMs: Date.parse('2026-09-10T00:10:00Z'),
      updatedAtMs: Date.parse('2026-09-10T00:10:02Z'),
    });
    expect(readDataResolution(derived)).toMatchObject({ payouts: ['0.5', '0.5'] });
  });

  test.each([
    [byQuestion, 'win0'],
    [byCondition, 'win1'],
    [derived, 'split'],
    [disputed, undefined],
    [padded, 'win0'],
  ])('of the samples, number %#, is settled as %s', (row, outcome) => {
    expect(inferWinner(readDataResolution(row), ['1', '2'])?.outcome).toBe(outcome);
  });

  test.each([
    ['69', null],
    ['', null],
    [undefined, null],
    ['-1', null],
    ['0.7', null],
    ['0', '0'],
    ['1', '1'],
    [1, '1'],
    ['0.5', '0.5'],
    ['.50', '0.5'],
    ['500000', '0.5'],
    ['1000000', '1'],
    ['500000000000000000', '0.5'],
    ['1000000000000000000', '1'],
    ['-57896044618658097711785492504343953926634992332820282019728792003956564819968', null],
  ])('with the price %j has the answer %j', (price, expected) => {
    expect(readDataResolution({ ...byQuestion, price }).price).toBe(expected);
  });

  test('has exact payouts from millionths', () => {
    const payouts = (value: unknown) => readDataResolution({ ...byCondition, payouts: value }).payouts;
    expect(payouts([333_333, 666_667])).toEqual(['0.333333', '0.666667']);
    expect(payouts([1, 999_999])).toEqual(['0.000001', '0.999999']);
    expect(payouts(['1000000', '0'])).toEqual(['1', '0']);
    expect(payouts([0, 0])).toEqual(['0', '0']);
    expect(payouts([])).toBeNull();
    expect(payouts(null)).toBeNull();
  });

  test.each([
    [[1, 0]],
    [[1_000_000, 1_000_000]],
    [[1_000_000]],
    [[1e6, 0, 0]],
    [['1', 'x']],
    [[-1, 1_000_001]],
    [[0.5, 0.5]],
    ['1,0'],
  ])('with the ambiguous payouts %j is refused', (payouts) => {
    expect(() => readDataResolution({ ...byCondition, payouts })).toThrow(FieldError);
  });

  test('contains no text that a store would refuse', () => {
    const row = { ...byQuestion, note: { 'a\0': ['b\ud800', 7, null] } };
    expect(readDataResolution(row).raw).toEqual({ ...byQuestion, note: { 'a\uFFFD': ['b\uFFFD', 7, null] } });
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(JSON.stringify(readDataResolution({ ...byQuestion, deep }).raw.deep)).toBe('[[[[[[[null]]]]]]]');
  });

  test('is accepted whatever its other fields are', () => {
    const odd = { question_id: 7, was_disputed: 'perhaps', resolution_source: {}, reporter: [] };
    expect(readDataResolution({ ...byCondition, ...odd })).toMatchObject({ payouts: ['0', '1'], raw: odd });
  });

  test('without a condition or a status is refused', () => {
    expect(() => readDataResolution({ ...byQuestion, condition_id: undefined })).toThrow(FieldError);
    expect(() => readDataResolution({ ...byQuestion, status: null })).toThrow(FieldError);
    expect(() => readDataResolution(null)).toThrow(FieldError);
  });
});
