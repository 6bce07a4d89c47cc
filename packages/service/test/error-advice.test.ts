import { describe, expect, test } from 'vitest';
import { errorAdvice } from '../src/index.ts';

describe('the advice of an error', () => {
  test('says what happened and what to do, in two sentences', () => {
    const error = Object.assign(new Error('the port is taken'), { operatorAction: 'Choose another one.' });
    expect(errorAdvice(error)).toBe('the port is taken. Choose another one.');
  });

  test('does not repeat what the message already says', () => {
    const error = Object.assign(new Error('The port is taken. Choose another one.'), {
      operatorAction: 'Choose another one.',
    });
    expect(errorAdvice(error)).toBe('The port is taken. Choose another one.');
  });

  test('keeps the question mark of a message that ends with a question', () => {
    expect(errorAdvice(new Error('not subscribed: the market is closed: Will it rain?'))).toMatch(/Will it rain\?$/);
  });

  test('says only what happened if the error has no advice', () => {
    expect(errorAdvice(new Error('broken', { cause: new Error('by chance') }))).toBe('broken: by chance.');
  });

  test('puts no colon between a message that is a full sentence and its cause', () => {
    const cause = new Error('Authorization Violation');
    const error = Object.assign(new Error('NATS refuses us. Correct NATS_URL.', { cause }), {
      operatorAction: 'Correct NATS_URL.',
    });
    expect(errorAdvice(error)).toBe('NATS refuses us. Correct NATS_URL. Authorization Violation.');
  });
});
