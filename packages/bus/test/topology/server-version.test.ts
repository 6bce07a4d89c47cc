import { describe, expect, test } from 'vitest';
import { isAtLeast } from '../../src/topology/reconcile.ts';

describe('a server version', () => {
  test.for(['2.12.0', '2.12.1-beta.2', '2.15.1', '3.0.0'])('%s is at least 2.12', (version) => {
    expect(isAtLeast(version, '2.12')).toBe(true);
  });

  test.for(['2.11.9', '2.9.10', '1.99.0', '0', ''])('%j is not at least 2.12', (version) => {
    expect(isAtLeast(version, '2.12')).toBe(false);
  });
});
