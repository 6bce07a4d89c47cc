import { describe, expect, test } from 'vitest';
import { MissingBooks } from '../../src/recording/missing-books.ts';

const set = (tokens: string) => new Set(tokens);

describe('tokens without a book', () => {
  test('cause one fresh connection, however long they wait', () => {
    const missing = new MissingBooks();
    expect(missing.hasUntried(['a'])).toBe(true);
    missing.tried(['a']);
    expect(missing.hasUntried(['a'])).toBe(false);
    expect(missing.reported).toEqual(['a']);
    expect(missing.hasUntried(['a', 'b'])).toBe(true);
  });

  test('are forgotten when their book arrives or they leave, and may cause another connection later', () => {
    const missing = new MissingBooks();
    missing.tried(['a', 'b', 'c']);
    missing.prune({ wanted: set('ab'), covered: set('a') });
    expect(missing.reported).toEqual(['b']);
    expect(missing.hasUntried(['a'])).toBe(true);
  });
});
