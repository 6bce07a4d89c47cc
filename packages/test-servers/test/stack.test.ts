import { describe, expect, test } from 'vitest';
import { stackFrom } from '../src/stack.ts';

describe('the servers of a test run', () => {
  test('are embedded by default', () => {
    expect(stackFrom({ TEST_STACK: '', TEST_NATS_URL: '' })).toEqual({
      databaseUrl: null,
      natsUrl: null,
      start: 'embedded',
    });
  });

  test('are those named by the environment, or containers with TEST_STACK=docker', () => {
    expect(
      stackFrom({ TEST_STACK: 'docker', TEST_NATS_URL: 'nats://h:1', TEST_DATABASE_URL: 'postgresql://h/d' }),
    ).toEqual({
      databaseUrl: 'postgresql://h/d',
      natsUrl: 'nats://h:1',
      start: 'docker',
    });
  });

  test('are not guessed from a misspelt TEST_STACK', () => {
    expect(() => stackFrom({ TEST_STACK: 'dokcer' })).toThrow('TEST_STACK is "dokcer"');
  });
});
