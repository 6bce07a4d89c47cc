import { describe, expect, test } from 'vitest';
import { errorAdvice } from '../src/index.ts';

describe('the advice of an error', () => {
  test('is what happened and what to do, as two sentences', () => {
    const error = Object.assign(new Error('the port is taken'), { operatorAction: 'Choose another one.' });
    expect(errorAdvice(error)).toBe('the port is taken. Choose another one.');
  });

  test('does not say twice what the message says already', () => {
    const error = Object.assign(new Error('The port is taken. Choose another one.'), {
      operatorAction: 'Choose another one.',
    });
    expect(errorAdvice(error)).toBe('The port is taken. Choose another one.');
  });

  test('ends as a sentence does, also one that ends with a question', () => {
    expect(errorAdvice(new Error('not subscribed: the market is closed: Will it rain?'))).toMatch(/Will it rain\?$/);
  });

  test('is what happened alone where nobody knows what to do', () => {
    expect(errorAdvice(new Error('broken', { cause: new Error('by chance') }))).toBe('broken: by chance.');
  });
});
