import { describe, expect, test } from 'vitest';
import { losesRowsOnConflict } from '../../src/schema/edition.ts';

describe('a release of TimescaleDB', () => {
  test.each(['2.16.0', '2.16.1', '2.17.0', '2.17.1', '2.17.2', '2.18.0'])('loses rows on conflict: %s', (version) => {
    expect(losesRowsOnConflict(version)).toBe(true);
  });

  test.each([
    ...['1.7.5', '2.11.2', '2.15.3', '2.18.1', '2.18.2', '2.19.0', '2.29.2', '2.30.0-dev', '2.160.0', '3.17.0'],
    ...['', 'unknown'],
  ])('keeps every row: %s', (version) => {
    expect(losesRowsOnConflict(version)).toBe(false);
  });
});
