import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Trouble } from '../../src/connection/trouble.ts';
import { RecordedLog } from '../read/recorded-log.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a lasting failure', () => {
  test('is logged at once, then every 30 s, and its end once', () => {
    const log = new RecordedLog();
    const trouble = new Trouble(log);
    for (let second = 0; second < 65; second += 1) {
      trouble.tell({}, `down for ${second} s`);
      vi.advanceTimersByTime(1_000);
    }
    trouble.over({}, 'up');
    trouble.over({}, 'up');
    expect(log.entries.map(({ sentence }) => sentence)).toEqual([
      'down for 0 s',
      'down for 30 s',
      'down for 60 s',
      'up',
    ]);
  });

  test('has no end in the log when it was never logged', () => {
    const log = new RecordedLog();
    new Trouble(log).over({}, 'up');
    expect(log.entries).toEqual([]);
  });

  test('is logged at once when it comes back after its end', () => {
    const log = new RecordedLog();
    const trouble = new Trouble(log, 'error');
    trouble.tell({}, 'down');
    trouble.over({}, 'up');
    trouble.tell({}, 'down again');
    expect(log.entries.map(({ level }) => level)).toEqual(['error', 'info', 'error']);
  });
});
